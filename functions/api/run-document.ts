import * as z from 'zod';
import { instant } from '../core/wire.ts';

const anything = z.record(z.string(), z.json());
const failure = z.json().describe('What ended it; null unless it failed.');
const attempt = z.strictObject({
  attempt: z.int(),
  status: z.enum(['running', 'succeeded', 'yielded', 'failed', 'superseded']),
  caller: z.string(),
  request_id: z.string(),
  code_version: z.string(),
  error: failure,
  started_at: instant,
  finished_at: instant.nullable(),
});

const jobRun = z.strictObject({
  job_run_id: z.guid(),
  job: z.string(),
  shard: z.int().describe('0 is the job itself; its shards, when it split itself, count from 1.'),
  shard_key: z.string().nullable().describe('What the shard is about.'),
  shard_input: z.json(),
  version: z.int(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'skipped']),
  input: z.json(),
  counters: z.json(),
  report: z.json().describe('What the job says it did; its keys are in the pages of docs/ on the job.'),
  findings: z.int(),
  error: failure,
  queued_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  stale_inputs: z
    .json()
    .describe('Jobs whose last success, of an earlier run, it worked with; null if none.'),
  waiting: z
    .boolean()
    .describe(
      'Queued, and not sent: it waits for a slot under a limit or, taken up again, for what it comes after.',
    ),
  shards: z
    .strictObject({ total: z.int(), settled: z.int(), succeeded: z.int(), failed: z.int() })
    .nullable()
    .describe('Of a job that split itself: how far its shards are.'),
  heartbeat_at: instant.nullable(),
  progress: z.json(),
  attempts: z.array(attempt),
});

/** ops.v_run_documents: a run with its jobs, their attempts and the messages sent. */
export const runDocument = z.strictObject({
  run_id: z.guid(),
  pipeline: z.string(),
  kind: z.enum(['pipeline', 'job']),
  as_of: z.iso.date().describe('The business day.'),
  dry_run: z.boolean(),
  forced: z.boolean().describe('Started although another run of the pipeline and day might be under way.'),
  inline: z.boolean().describe('Run by its caller, without queues.'),
  trigger_kind: z.string(),
  trigger: anything,
  input: z.json(),
  graph: anything.describe('The jobs, and what each waits for.'),
  status: z.enum(['running', 'succeeded', 'failed']),
  findings: z.int(),
  error: failure,
  code_version: z.string(),
  created_at: instant,
  finished_at: instant.nullable(),
  jobs: z.array(jobRun),
  messages: z.array(
    z.strictObject({
      job: z.string(),
      message: z.json(),
      created_at: instant,
      sent_at: instant.nullable(),
    }),
  ),
  operator_actions: z
    .array(
      z.strictObject({
        acted_at: instant,
        operator: z.string(),
        action: z.string().describe('E.g. `CANCEL` or `RETRY`.'),
        reason: z.string(),
        detail: z.json(),
      }),
    )
    .describe('What people did to the run.'),
});
runDocument.register(z.globalRegistry, { id: 'RunDocument' });
