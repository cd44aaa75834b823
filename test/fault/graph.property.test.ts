import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { JobMessage } from '../../functions/core/message.ts';
import { retryRun } from '../../functions/core/operations.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Dice } from '../support/dice.ts';
import { Drive, jobOf, type RunDocument } from '../support/drive.ts';
import { bodyOf, type Part } from '../support/random-body.ts';
import { anyNight, type Expected, expected, type Fate, type Night } from '../support/random-graph.ts';

const RUNS = 25;
const slot = z.strictObject({ job: z.string(), held: z.int() });
/** Eight jobs of four shards and a step, each tried twice. */
const MOST_ROUNDS = 100;

/** What the work did, in the order in which it was done. */
interface Done {
  readonly job: string;
  readonly what: Part['what'];
}

describe.each(versions)('whatever the graph and whatever fails, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const opened: Drive['environment'][] = [];
  const environments: Drive['environment'][] = [];
  beforeAll(() => {
    const nobody = { ...anyPipeline, name: 'nobody' };
    for (let at = 0; at < 2; at += 1) environments.push(new Drive(database, nobody, []).environment);
    opened.push(...environments);
  });
  afterAll(() => Promise.all(opened.flatMap(({ work, control }) => [work.close(), control.close()])));

  /** Two at a time, whichever the dice say, some of them twice. */
  async function drain(
    drive: Drive,
    pipeline: Pipeline,
    dice: Dice,
    look: () => Promise<void>,
  ): Promise<void> {
    for (let rounds = 0; drive.waiting.length > 0; rounds += 1) {
      if (rounds > MOST_ROUNDS)
        throw new Error(`the night does not come to rest: ${JSON.stringify(drive.waiting)}`);
      const slots = await database.admin.sql(slot)`
        select j.job, count(*)::integer as held from ops.job_runs j join ops.runs r using (run_id)
        where r.pipeline = ${pipeline.name} and j.status in ('queued', 'running') and j.shards is null
          and not exists (select from ops.waiting_job_runs w where w.job_run_id = j.job_run_id)
        group by j.job`;
      const all = slots.reduce((sum, { held }) => sum + held, 0);
      expect(all).toBeLessThanOrEqual(pipeline.concurrency ?? all);
      for (const { job: name, held } of slots) {
        expect(held).toBeLessThanOrEqual(pipeline.jobs[name]?.concurrency ?? held);
      }
      const chosen = dice.shuffled(drive.waiting).slice(0, 2);
      const again = dice.chance(0.1) ? chosen.map((message): JobMessage => ({ ...message })) : [];
      await Promise.all(chosen.map((message, place) => drive.receive(message, environments[place])));
      for (const message of again) await drive.receive(message);
      await look();
    }
  }

  async function check(night: Night): Promise<void> {
    const { pipeline, fates, gap, seed } = night;
    const day = (n: number) => new Date(Date.UTC(2025, 0, 10 + n)).toISOString().slice(0, 10);
    const dice = new Dice(seed);
    const done: Done[] = [];
    const well: Fate = { shards: undefined, fails: false, failingShards: [], stumbles: false };
    const driving = (fateOf: (name: string) => Fate) => {
      const drive = new Drive(
        database,
        pipeline,
        Object.keys(pipeline.jobs).map((name) =>
          bodyOf(name, fateOf(name), ({ what }) => done.push({ job: name, what })),
        ),
      );
      opened.push(drive.environment);
      return drive;
    };
    if (gap !== null) {
      const before = driving(() => well);
      await before.start(day(0));
      await drain(before, pipeline, dice, async () => {});
      done.length = 0;
    }
    const drive = driving((name) => fates.get(name) ?? well);
    const runId = await drive.start(day(gap ?? 0));
    let settled = 0;
    await drain(drive, pipeline, dice, async () => {
      const now = (await drive.document(runId)).jobs.filter(({ finished_at }) => finished_at !== null).length;
      expect(now).toBeGreaterThanOrEqual(settled);
      settled = now;
    });

    const document = await drive.document(runId);
    const outcomes = expected(night);
    for (const [name, outcome] of outcomes) {
      const { status, stale_inputs, findings, shards, waiting } = jobOf(document, name);
      const stale =
        z
          .array(z.looseObject({ job: z.string() }))
          .nullable()
          .parse(stale_inputs) ?? [];
      expect({ name, status, stale: stale.map((each) => each.job), waiting }).toEqual({
        name,
        ...outcome,
        waiting: false,
      });
      const fate = fates.get(name) ?? well;
      const split = outcome.status !== 'skipped' && fate.shards !== undefined && !fate.fails;
      const failing = fate.failingShards.filter((shard) => shard <= (fate.shards ?? 0)).length;
      expect(shards).toEqual(
        split
          ? {
              total: fate.shards,
              settled: fate.shards,
              succeeded: (fate.shards ?? 0) - failing,
              failed: failing,
            }
          : null,
      );
      const ownFindings = split ? (fate.shards ?? 0) - failing : outcome.status === 'succeeded' ? 1 : 0;
      expect(findings).toBe(ownFindings);
      // Nothing began before all that it waits for had ended.
      const first = done.findIndex((each) => each.job === name);
      const parents = parentsOf(pipeline, name);
      const last = done.findLastIndex((each) => parents.includes(each.job));
      expect(first === -1 || last < first).toBe(true);
      const times = outcome.status === 'skipped' ? 0 : split ? 1 + (fate.shards ?? 0) : 1;
      expect(done.filter((each) => each.job === name)).toHaveLength(times);
    }
    const failed = [...outcomes.values()].some(({ status }) => status === 'failed');
    expect(document.status).toBe(failed ? 'failed' : 'succeeded');
    expect(document.findings).toBe(
      document.jobs.filter(({ shard }) => shard === 0).reduce((sum, each) => sum + each.findings, 0),
    );
    expect(await database.admin.sql`select from ops.waiting_job_runs where pipeline = ${pipeline.name}`).toBe(
      0,
    );
    expect(
      await database.admin.sql`select from ops.outbox where sent_at is null and run_id = ${runId}::uuid`,
    ).toBe(0);
    if (failed) {
      done.length = 0;
      const again = driving((name) => ({ ...(fates.get(name) ?? well), fails: false, failingShards: [] }));
      await retryRun(database.admin.sql, runId, { operator: 'ana', reason: 'a test' });
      await again.send(runId);
      await drain(again, pipeline, dice, async () => {});
      await checkRetried(await drive.document(runId), night, outcomes, done);
      await Promise.all([again.environment.work.close(), again.environment.control.close()]);
    }
    await Promise.all([drive.environment.work.close(), drive.environment.control.close()]);
  }

  /** What did not succeed is done now, in the graph's order, and nothing else. */
  async function checkRetried(
    { status, jobs, run_id: runId }: RunDocument,
    { pipeline }: Night,
    before: ReadonlyMap<string, Expected>,
    done: readonly Done[],
  ): Promise<void> {
    expect([status, ...jobs.filter((each) => each.status !== 'succeeded')]).toEqual(['succeeded']);
    const repeated = [...before]
      .filter(([, outcome]) => outcome.status !== 'succeeded')
      .map(([name]) => name);
    expect([...new Set(done.map((each) => each.job))].toSorted()).toEqual(repeated.toSorted());
    for (const name of repeated) {
      const parents = parentsOf(pipeline, name);
      const last = done.findLastIndex((each) => parents.includes(each.job));
      expect(last).toBeLessThan(done.findIndex((each) => each.job === name));
      // What split itself at first keeps what it says.
      const { shards, stale_inputs: stale } =
        jobs.find((each) => each.job === name && each.shard === 0) ?? {};
      expect([name, shards === null ? stale : null]).toEqual([name, null]);
    }
    expect(
      await database.admin.sql`
      select from ops.waiting_job_runs join ops.job_runs using (job_run_id) where run_id = ${runId}::uuid`,
    ).toBe(0);
  }

  test('every job is settled as the rules say, in order, once, and within the limits, also when it is tried again', async () => {
    await fc.assert(fc.asyncProperty(anyNight, check), {
      numRuns: RUNS,
      endOnFailure: true,
      seed: 20_260_113 + version,
    });
  }, 300_000);
});

function parentsOf({ jobs }: Pipeline, name: string): readonly string[] {
  const { after = [], softAfter = [] } = jobs[name] ?? {};
  return [...after, ...softAfter.map((soft) => soft.job)];
}

const anyPipeline: Pipeline = {
  name: 'nobody',
  domain: 'toy',
  timeZone: 'UTC',
  schedule: { expression: 'rate(1 day)', timeZone: 'UTC' },
  jobs: {},
};
