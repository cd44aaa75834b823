import { CuadreError } from '../../../functions/core/errors.ts';
import { demo } from './demo.ts';
import { ingest } from './ingest.ts';
import { job } from './job.ts';
import { ops } from './ops.ts';
import { start } from './start.ts';
import { validate } from './validate.ts';
import { verify } from './verify.ts';

/** 0 done, 1 done with failed checks or row errors, 2 failed or refused; 3 what was asked about is not over. */
export type ExitCode = 0 | 1 | 2 | 3;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<ExitCode>>> = {
  demo,
  ingest,
  job,
  ops,
  start,
  validate,
  verify,
};

async function main([name, ...args]: readonly string[]): Promise<void> {
  const command = commands[name ?? ''];
  if (command === undefined) {
    console.error(`there is no command ${name}; there are ${Object.keys(commands).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await command(args);
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 2;
  }
}

/** A sentence for what is the user's to mend; the whole stack for what is ours. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error instanceof CuadreError || isUsageError(error)) return `error: ${error.message}`;
  return `error: ${error.stack ?? error.message}`;
}

function isUsageError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS_');
}

await main(process.argv.slice(2));
