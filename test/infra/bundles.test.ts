import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pipelines } from '../../functions/pipelines.ts';
import { bundle } from '../../infra/constructs/bundle.ts';
import { BundledFunction } from '../../infra/constructs/bundled-function.ts';
import { assemblyOf, withApp } from './assembly.ts';

const run = promisify(execFile);

/** Bytes of index.mjs: nothing but postgres, zod, middy and ours; or those and the clients of SQS and Scheduler. */
const BUDGETS = { reads: 200_000, sends: 425_000 };

/** The files of the jobs, relative to the project. */
const JOBS = pipelines.flatMap(({ jobs }) =>
  Object.keys(jobs).map((name) => `functions/${name.replace('.', '/')}.ts`),
);

const variables = z.object({
  FunctionName: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});
const senders = new Set(
  assemblyOf({})
    .ofType('AWS::Lambda::Function')
    .flatMap(({ properties }) => variables.safeParse(properties).data ?? [])
    .filter(({ Environment: { Variables } }) => 'QUEUES' in Variables || 'SCHEDULES' in Variables)
    .map(({ FunctionName }) => FunctionName),
);
const functions = withApp({}, (app) =>
  app.node
    .findAll()
    .filter((each) => each instanceof BundledFunction)
    .map(({ functionName, source }) => ({ functionName, source })),
);

/** Loads a bundle as Lambda does, from a file: `node --eval` has a global require that hides what is missing. */
const LOADER = `
const begin = performance.now();
const { handler } = await import('./index.mjs');
const milliseconds = Math.round(performance.now() - begin);
const context = { awsRequestId: 'r', invokedFunctionArn: 'arn:aws:lambda:sa-east-1:123456789012:function:f', getRemainingTimeInMillis: () => 1000 };
const stack = await Promise.resolve().then(() => handler([], context)).then(() => '', (error) => error.stack);
console.log(JSON.stringify({ kind: typeof handler, milliseconds, stack }));
`;
const loaded = z.object({ kind: z.string(), milliseconds: z.number(), stack: z.string() });

describe.each(functions)('$functionName', ({ functionName, source }) => {
  let directory = '';
  let code = '';
  let sources: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cuadre-bundle-'));
    bundle(source, directory);
    code = await readFile(join(directory, 'index.mjs'), 'utf8');
    const map = await readFile(join(directory, 'index.mjs.map'), 'utf8');
    ({ sources } = z.object({ sources: z.array(z.string()) }).parse(JSON.parse(map)));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('stays under its budget, with an SDK client only where it sends', () => {
    const budget = senders.has(functionName) ? BUDGETS.sends : BUDGETS.reads;
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(budget);
    expect(sources.some((path) => path.includes('@aws-sdk/client-'))).toBe(senders.has(functionName));
    expect(sources.filter((path) => /credential-provider|nested-clients/.test(path))).toEqual([]);
  });

  it('carries no work of a job but its own', () => {
    const own = JOBS.includes(source.entry);
    // job() makes a job of its work: what the API's functions take from a job's file, they take without it.
    expect(sources.includes('functions/core/job.ts')).toBe(own);
    expect(sources.includes('functions/core/execute.ts')).toBe(own);
    if (own) expect(sources.filter((path) => JOBS.includes(path))).toEqual([source.entry]);
  });

  it('carries one locale of zod’s forty', () => {
    const locales = sources.filter((path) => /\/zod\/.*\/locales\//.test(path));
    expect(locales.filter((path) => !path.endsWith('/en.js'))).toEqual([]);
    expect(code).not.toContain('Ungültige');
    expect(code).toContain('Invalid input');
  });

  it('loads cold from a file and tells of an error by its .ts line', async () => {
    await writeFile(join(directory, 'load.mjs'), LOADER);
    const { stdout } = await run(process.execPath, ['--enable-source-maps', join(directory, 'load.mjs')], {
      env: {},
    });
    const result = loaded.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    console.log(`${functionName}: ${Buffer.byteLength(code)} bytes, imported in ${result.milliseconds} ms`);
    expect(result.kind).toBe('function');
    expect(sources).toContain(source.entry);
    // An API function turns what goes wrong into an answer; the others throw it.
    if (!functionName.includes('-api-')) expect(result.stack).toMatch(/functions\/[\w/-]+\.ts:\d+:\d+/);
  });

  it('has what is copied beside it', () => {
    for (const each of source.copy ?? []) {
      expect(existsSync(join(directory, basename(each))), each).toBe(true);
    }
  });
});
