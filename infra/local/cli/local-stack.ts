import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '../../../functions/core/database.ts';
import { PermanentError } from '../../../functions/core/errors.ts';
import { type DatasetReport, loadDataset } from '../data/load.ts';
import { createUpstream } from '../data/upstream.ts';
import { type Stack, type StackOptions, startStack } from '../stack.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const ASSEMBLY = join(PROJECT, 'cdk.out');
const SQL = join(PROJECT, 'sql');

/** Synthesizes in a process of its own: the CDK and esbuild are gone from memory when the stack runs. */
export async function synthesize(outdir = ASSEMBLY): Promise<void> {
  try {
    const env = { ...process.env, CDK_OUTDIR: outdir };
    await promisify(execFile)(process.execPath, [join(PROJECT, 'infra/app.ts')], { cwd: PROJECT, env });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new PermanentError(`the stack could not be synthesized: ${said}`, { code: 'SYNTH', cause: error });
  }
}

export type LocalStackOptions = Partial<Omit<StackOptions, 'beforeTriggers'>>;

/** The synthesized stack on this machine; its database has the upstream's tables, empty unless they were kept. */
export function startLocalStack(options: LocalStackOptions): Promise<Stack> {
  return startStack({
    assembly: ASSEMBLY,
    onFunctionLog: () => {},
    ...options,
    beforeTriggers: async (url) => {
      const database = connect({ url, applicationName: 'cuadre local' });
      try {
        await createUpstream(database, SQL);
      } finally {
        await database.close();
      }
    },
  });
}

/** @throws DatasetError naming file, line, column and value; nothing is loaded then */
export async function load(stack: Stack, directory: string): Promise<DatasetReport> {
  const database = connect({ url: stack.databaseAs('postgres'), applicationName: 'cuadre load' });
  try {
    return await loadDataset(database, directory);
  } finally {
    await database.close();
  }
}
