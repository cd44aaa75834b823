/**
 * Whatever happens in whatever order (jobs that succeed, fail, die; sweeps, two at a time; pauses; cancelled and retried runs;
 * other people's runs of the same dates), a backfill keeps to its concurrency, begins each date once, and comes to an end.
 */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { CuadreError } from '../../functions/core/errors.ts';
import type { Services } from '../../functions/core/execute.ts';
import { carryOn, sweepRuns } from '../../functions/core/ledger.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { testDatabase } from '../support/database.ts';
import {
  backfillStatus,
  cancel,
  dates,
  forgetRuns,
  startToyBackfill,
  steer,
  workOff,
} from '../support/many.ts';
import { deliver, goSilent, services, startToy, toyJob } from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 40);
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20_260_113);
const DAYS = 6;

const database = testDatabase();
let admin: Database;
let operator: Database;
let to: Services;
let other: Services;
beforeAll(async () => {
  ({ admin, operator, to } = await toyWorld(database));
  other = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
});

const jobRun = z.strictObject({ id: z.uuid(), run_id: z.uuid(), job: z.string(), version: z.int() });

const jobRuns = (status: string) => admin.sql(jobRun)`
  select j.job_run_id as id, j.run_id, j.job, j.version from ops.job_runs j join ops.runs r using (run_id)
  where j.status = ${status} and r.status = 'running' order by j.queued_at, j.job`;

const some = <T>(of: readonly T[], choice: number): T | undefined => of[choice % Math.max(of.length, 1)];

/** What the ledger's rules forbid (a run that is over, a date that is taken) is no failure of the test. */
async function perhaps(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof CuadreError)) throw error;
  });
}

const events = {
  async works(choice: number) {
    const next = some(await jobRuns('queued'), choice);
    if (next !== undefined) await deliver(to, toyJob(next.job), next.id, { version: next.version });
  },
  /** Two of different runs at the same time, as two functions. */
  async workTogether(choice: number) {
    const queued = await jobRuns('queued');
    const first = some(queued, choice);
    const second = queued.find(({ run_id }) => run_id !== first?.run_id);
    await Promise.all(
      [[to, first] as const, [other, second] as const].map(async ([by, next]) => {
        if (next !== undefined) await deliver(by, toyJob(next.job), next.id, { version: next.version });
      }),
    );
  },
  async fails(choice: number) {
    const next = some(await jobRuns('queued'), choice);
    if (next === undefined) return;
    const failing = toyJob(next.job, async () => {
      throw new Error('it cannot be');
    });
    await deliver(to, failing, next.id, { version: next.version });
  },
  async dies(choice: number) {
    const next = some(await jobRuns('queued'), choice);
    if (next === undefined) return;
    await admin.sql`select ops.begin_attempt(${next.id}::uuid, ${next.version}, 'sqs', 'r', 'test')`;
    await goSilent(admin, next.id);
  },
  async sweeps() {
    await carryOn(to.control.sql);
    await sweepRuns(to.control.sql, MAX_TRIES);
  },
  async sweepTwice() {
    await Promise.all(
      [to, other].map(async ({ control }) => {
        await carryOn(control.sql);
        await sweepRuns(control.sql, MAX_TRIES);
      }),
    );
  },
  async isPaused(_choice: number, id: string) {
    await perhaps(steer(operator, id, 'pause'));
  },
  async isResumed(_choice: number, id: string) {
    await perhaps(steer(operator, id, 'resume'));
  },
  async runIsCancelled(choice: number) {
    const next = some(await jobRuns('queued'), choice);
    if (next !== undefined) await perhaps(cancel(operator, next.run_id));
  },
  async somebodyElseRuns(choice: number) {
    await perhaps(startToy(to.control, dayOf(choice % DAYS)));
  },
} satisfies Record<string, (choice: number, id: string) => Promise<void>>;

const dayOf = (number: number) => `2025-03-${String(number + 1).padStart(2, '0')}`;
const names = Object.keys(events).filter((name): name is keyof typeof events => name in events);

const scenario = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  order: fc.constantFrom('oldest' as const, 'newest' as const),
  force: fc.boolean(),
  stopOnFailure: fc.boolean(),
  steps: fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(20)), { maxLength: 40 }),
});

const count = z.strictObject({ n: z.int() });

test('keeps to its concurrency, begins each date once, and comes to an end', async () => {
  const reached = new Set<string>();
  let most = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ steps, ...asked }) => {
      await forgetRuns(admin);
      const id = await startToyBackfill(operator, { ...asked, from: dayOf(0), to: dayOf(DAYS - 1) });
      const check = async (after: string) => {
        const [active] = await admin.sql(count)`
          select count(*)::integer as n from ops.runs where trigger_kind = 'backfill' and status = 'running'`;
        most = Math.max(most, active?.n ?? 0);
        expect(active?.n, after).toBeLessThanOrEqual(asked.concurrency);
      };
      await check('start');
      for (const [name, choice] of steps) {
        await events[name](choice, id);
        reached.add(name);
        await check(name);
      }
      for (let round = 0; (await backfillStatus(admin, id)) !== 'finished'; round += 1) {
        expect(round, (await dates(admin, id)).join(', ')).toBeLessThan(40);
        await events.isResumed(0, id);
        await admin.sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds'`;
        await events.sweeps();
        await check('sweep');
        await workOff(to, admin);
        await check('work');
      }
      const twice = await admin.sql(count)`
        select count(*)::integer as n from ops.runs where trigger_kind = 'backfill' group by as_of having count(*) > 1`;
      expect(twice).toEqual([]);
      const left = (await dates(admin, id)).filter((each) => !/ (done|succeeded|failed)$/.test(each));
      expect(left).toEqual([]);
      // Whatever is not forced runs once at most: what succeeded before is not done again.
      const again = await admin.sql(count)`
        select count(*)::integer as n from ops.runs where status = 'succeeded' group by as_of having count(*) > 1`;
      if (!asked.force && !steps.some(([name]) => name === 'somebodyElseRuns')) expect(again).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // It met everything, and the limit was reached.
  expect([...reached].toSorted()).toEqual(names.toSorted());
  expect(most).toBe(4);
}, 300_000);
