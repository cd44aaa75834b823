import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Database, json } from '../../functions/core/database.ts';
import { execute, type Services, type Settlement, type Ticket } from '../../functions/core/execute.ts';
import { type Job, type JobContext, job, type Outcome } from '../../functions/core/job.ts';
import type { StartedRun } from '../../functions/core/ledger.ts';
import { createLog } from '../../functions/core/log.ts';
import { pipeline, wakeOf } from '../../functions/core/pipeline.ts';
import { startPipeline, type Trigger } from '../../functions/core/start.ts';

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };

/** A chain, something beside it, and an `always` at the end: every way in which a failure can spread. */
export const toyPipeline = pipeline({
  name: 'toy-daily',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
  jobs: {
    'toy.first': { ...node, after: [] },
    'toy.second': { ...node, after: ['toy.first'] },
    'toy.third': { ...node, after: ['toy.second'] },
    'toy.alert': { ...node, after: ['toy.third'], always: true },
  },
});

export const toyJobs = Object.keys(toyPipeline.jobs);

/** What a run of it sends to. */
export const toyQueues = [...toyJobs, wakeOf(toyPipeline)];

/** Where the toys leave their effect; a row per effect, so that a doubled one shows. */
export async function createEffects(admin: Database): Promise<void> {
  await admin.script(`
    create table public.toy_effects (job text not null, note text not null);
    grant select, insert on public.toy_effects to cuadre_jobs;`);
}

export async function effects(admin: Database): Promise<string[]> {
  const rows = await admin.sql(z.strictObject({ effect: z.string() }))`
    select job || ' ' || note as effect from public.toy_effects order by 1`;
  return rows.map(({ effect }) => effect);
}

type Toy = JobContext<{ note: string }>;

/** Writes one effect and one decision; `meanwhile` is where a test makes things go wrong. */
export function toyJob(
  name: string,
  meanwhile: (context: Toy) => Promise<Outcome | undefined> = async () => undefined,
): Job {
  return job({
    name,
    input: z.strictObject({ note: z.string().default('done') }),
    async run(context) {
      const { sql, input, jobRunId } = context;
      await sql`insert into public.toy_effects (job, note) values (${name}, ${input.note})`;
      await sql`insert into ops.decisions (job_run_id, subject, decision, evidence) values (${jobRunId}::uuid, ${name}, 'WRITTEN', ${json({})})`;
      return (await meanwhile(context)) ?? { report: { written: 1 } };
    },
  });
}

export function trigger(key: string = randomUUID()): Trigger {
  const now = new Date();
  return { kind: 'api', key, detail: { test: true }, due: now, now };
}

let day = 0;

/** A date of its own for each test, so that no run is refused because of another's. */
export function nextDate(): string {
  day += 1;
  return new Date(Date.UTC(2025, 0, day)).toISOString().slice(0, 10);
}

export function startToy(control: Database, asOf: string, key?: string): Promise<StartedRun> {
  const request = { asOf, dryRun: false, input: {} };
  return startPipeline(control.sql, toyPipeline, request, trigger(key), {
    inline: false,
    codeVersion: 'test',
  });
}

export function services(work: Database, control: Database): Services {
  return { work, control, log: createLog({ level: 'error', write: () => {} }), codeVersion: 'test' };
}

export function deliver(
  to: Services,
  toy: Job,
  jobRunId: string,
  more: Partial<Ticket> = {},
): Promise<Settlement> {
  return execute(to, toy, {
    jobRunId,
    version: 1,
    caller: 'sqs',
    requestId: randomUUID(),
    lastAttempt: 3,
    remaining: () => 600_000,
    ...more,
  });
}

const jobState = z.strictObject({ state: z.string() });

/** `toy.first succeeded 1` and so on: job, status, attempts. */
export async function states(admin: Database, runId: string): Promise<string[]> {
  const rows = await admin.sql(jobState)`
    select concat_ws(' ', job, status, attempts) as state from ops.job_runs where run_id = ${runId}::uuid order by queued_at, job`;
  return rows.map(({ state }) => state);
}

export async function runStatus(admin: Database, runId: string): Promise<string> {
  const [row] = await admin.sql(jobState)`
    select concat_ws(' ', status, error ->> 'code', error ->> 'job') as state from ops.runs where run_id = ${runId}::uuid`;
  return row?.state ?? 'unknown';
}

/** The attempt's worker gives no sign of life any more: its last heartbeat is moved into the past. */
export async function goSilent(admin: Database, jobRunId: string): Promise<void> {
  await admin.sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds' where job_run_id = ${jobRunId}::uuid`;
}

/** The job run of a job, once it is queued. */
export async function jobRunOf(admin: Database, runId: string, jobName: string): Promise<string> {
  const [row] = await admin.sql(z.strictObject({ id: z.uuid() }))`
    select job_run_id as id from ops.job_runs where run_id = ${runId}::uuid and job = ${jobName}`;
  if (row === undefined) throw new Error(`${jobName} is not queued`);
  return row.id;
}
