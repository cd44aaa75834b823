import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../../functions/core/errors.ts';
import type { Stack } from '../stack.ts';
import { RUNNING_FILE, STATE_DIRECTORY } from './local-database.ts';
import { load, startLocalStack, synthesize } from './local-stack.ts';
import type { ExitCode } from './main.ts';

/** `npm start`: the synthesized stack on this machine, until Ctrl-C. `--data DIR` loads a data set into it first. */
export async function start(args: readonly string[]): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      data: { type: 'string' },
      state: { type: 'string', default: STATE_DIRECTORY },
      throwaway: { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  const state = values.throwaway ? undefined : values.state;
  console.log('synthesizing the stack ...');
  await synthesize();
  const interrupted = untilInterrupted();
  const stack = await startLocalStack({
    stateDirectory: state,
    ports: { api: portOf(values.port) },
    log: console.log,
    onFunctionLog: (_name, line) => console.log(line),
  });
  try {
    if (values.data !== undefined) {
      const loaded = await load(stack, values.data);
      console.log(`loaded ${sum(loaded.values())} rows into ${loaded.size} tables from ${values.data}`);
    }
    await announce(stack, state ?? STATE_DIRECTORY);
    await interrupted;
  } finally {
    console.log('\nstopping ...');
    await rm(join(state ?? STATE_DIRECTORY, RUNNING_FILE), { force: true });
    await stack.stop();
  }
  return 0;
}

async function announce(stack: Stack, directory: string): Promise<void> {
  const databaseUrl = stack.databaseAs('cuadre_jobs');
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, RUNNING_FILE),
    JSON.stringify({ pid: process.pid, databaseUrl, apiUrl: stack.urls.api }),
  );
  const { urls } = stack;
  console.log(`
  HTTP API         ${urls.api}/api/v1/runs
  Lambda, Scheduler ${urls.lambda}      (aws --endpoint-url ... lambda invoke)
  SQS, S3          ${urls.sqs}
  PostgreSQL       ${databaseUrl}
`);
  for (const { name, next } of stack.schedules())
    console.log(`  ${name}: next ${next?.toISOString() ?? 'never'}`);
  console.log('\nCtrl-C stops it. In another terminal: npm run job -- cabinet.claims-reconcile --dry-run');
}

function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
  return promise;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InputError([{ field: '--port', value: text, rule: 'must be a port from 1 to 65535' }]);
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
