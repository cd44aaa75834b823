/**
 * `npm run check:aws`: the stock tools against the local stack. Not part of the tests, because the tools come from
 * the system (Debian: awscli, python3-boto3); where one is missing this fails, and says so.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { load, startLocalStack, synthesize } from '../../infra/local/cli/local-stack.ts';
import type { Stack } from '../../infra/local/stack.ts';

const aws = process.env['AWS_CLI'] ?? 'aws';
const python = process.env['PYTHON'] ?? '/usr/bin/python3';
const golden = join(import.meta.dirname, '../golden/cabinet-golden');
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: tmpdir(),
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_DEFAULT_REGION: 'us-east-1',
};

const result = z.looseObject({
  job: z.string(),
  dry_run: z.boolean(),
  status: z.literal('succeeded'),
  report: z.looseObject({ claims_inserted: z.int(), would_insert: z.int() }),
});

async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], { env });
  return stdout;
}

async function need(command: string, args: readonly string[], what: string): Promise<void> {
  try {
    console.log(`${what}: ${(await run(command, args)).trim()}`);
  } catch (error) {
    throw new Error(
      `${what} is needed for this check and does not run: install it, or name it in AWS_CLI or PYTHON`,
      {
        cause: error,
      },
    );
  }
}

/** Payloads go through files: the CLI's versions 1 and 2 read an argument differently. */
async function invokeByCli(stack: Stack, directory: string, name: string, payload: object): Promise<unknown> {
  const [input, output] = [join(directory, 'in.json'), join(directory, 'out.json')];
  await writeFile(input, JSON.stringify(payload));
  const answer = await run(aws, [
    'lambda',
    'invoke',
    '--endpoint-url',
    stack.urls.lambda,
    '--function-name',
    name,
    '--payload',
    `fileb://${input}`,
    '--output',
    'json',
    output,
  ]);
  assert.equal(z.looseObject({ StatusCode: z.int() }).parse(JSON.parse(answer)).StatusCode, 200);
  return JSON.parse(await readFile(output, 'utf8'));
}

async function check(stack: Stack, directory: string): Promise<void> {
  await invokeByCli(stack, directory, 'cuadre-cabinet-trips-load', { dryRun: false, asOf: '2026-01-13' });

  const safe = result.parse(await invokeByCli(stack, directory, 'cuadre-cabinet-claims-reconcile', {}));
  assert.deepEqual([safe.dry_run, safe.report.claims_inserted], [true, 0]);
  console.log('aws lambda invoke {}: a dry run');

  const request = { dryRun: false, asOf: '2026-01-13' };
  const real = result.parse(await invokeByCli(stack, directory, 'cuadre-cabinet-claims-reconcile', request));
  assert.deepEqual([real.dry_run, real.report.claims_inserted], [false, 25]);
  console.log('aws lambda invoke {"dryRun": false}: 25 claims inserted');

  const queues = z
    .object({ QueueUrls: z.array(z.string()) })
    .parse(
      JSON.parse(
        await run(aws, ['sqs', 'list-queues', '--endpoint-url', stack.urls.sqs, '--output', 'json']),
      ),
    );
  assert.ok(queues.QueueUrls.some((url) => url.endsWith('/cuadre-cabinet-claims-reconcile')));
  console.log(`aws sqs list-queues: ${queues.QueueUrls.length} queues`);

  const script = join(import.meta.dirname, 'check.py');
  console.log((await run(python, [script, stack.urls.lambda, stack.urls.sqs])).trimEnd());
}

await need(aws, ['--version'], 'the aws CLI');
await need(python, ['-c', 'import boto3; print(boto3.__version__)'], 'boto3');
await synthesize();
const directory = await mkdtemp(join(tmpdir(), 'cuadre-aws-'));
const stack = await startLocalStack({});
try {
  await load(stack, golden);
  await check(stack, directory);
  console.log('the stock tools work against the local stack');
} finally {
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
