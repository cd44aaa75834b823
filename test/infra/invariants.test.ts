import { describe } from 'vitest';
import { assemblyFor } from './assembly.ts';
import { ENVIRONMENT_NAMES } from './environments.ts';
import { access } from './invariants/access.ts';
import { files } from './invariants/files.ts';
import { functions } from './invariants/functions.ts';
import { queues } from './invariants/queues.ts';
import { schedules } from './invariants/schedules.ts';
import { topics } from './invariants/topics.ts';

/** What holds for every resource of every deployment. One file, because loading the CDK takes longer than the tests. */
describe.each(ENVIRONMENT_NAMES)('%s', (environment) => {
  const assembly = assemblyFor(environment);

  describe('queues', () => queues(assembly));
  describe('functions', () => functions(assembly));
  describe('schedules', () => schedules(assembly));
  describe('files', () => files(assembly, environment));
  describe('topics', () => topics(assembly));
  describe('access', () => access(assembly, environment));
});
