/** A backfill that is stopped at any point, as a night is in crashes.test.ts: the same points, the same fates. */
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { startBackfill } from '../../functions/core/backfill.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import { kill } from '../support/crash/kill.ts';
import { FATES, Points, type Stop } from '../support/crash/points.ts';
import { strided } from '../support/crash/sample.ts';
import { timed } from '../support/crash/timed.ts';
import { World } from '../support/crash/world.ts';
import { testDatabase } from '../support/database.ts';
import { by, forgetRuns, oldestFirst } from '../support/many.ts';
import { createEffects, toyJob, toyJobs, toyPipeline } from '../support/toy.ts';

/** `npm run faults` tries every point; otherwise every so many, another set for each fate. */
const STRIDE = 67;

const jobs = toyJobs.map((name) => toyJob(name));
const database = testDatabase();
beforeAll(() => createEffects(database.admin));

const line = z.strictObject({ line: z.string() });

async function remains(): Promise<string[]> {
  const rows = await database.admin.sql(line)`
    select concat_ws(' ', 'effect', job, note, count(*)) as line from public.toy_effects group by job, note
    union all select concat_ws(' ', 'date', as_of, state) from ops.v_backfill_dates
    union all select concat_ws(' ', 'backfill', status) from ops.backfills
    union all select concat_ws(' ', 'run', as_of, trigger_kind, status) from ops.runs
    union all select concat_ws(' ', 'job', r.as_of, j.job, j.status) from ops.job_runs j join ops.runs r using (run_id)
    union all select concat_ws(' ', 'unsent', job) from ops.outbox where sent_at is null
    union all select concat_ws(' ', 'at work', job_run_id) from ops.attempts where status = 'running'
    order by 1`;
  return rows.map((row) => row.line);
}

/** Three dates, two at a time. An operator whose request was cut off asks again, and is told that it has begun. */
async function backfillWith(plan: readonly Stop[]) {
  await forgetRuns(database.admin);
  const points = new Points(new Map(plan), (pid) => kill(database.admin, pid));
  await new World({
    ...{ database, pipeline: toyPipeline, jobs, points, rescue: 'the sweeper', asOf: '2025-03-01' },
    begin: {
      name: 'operator',
      async run(_invocation, queues, process) {
        const operator = database.connect('cuadre_operator');
        try {
          const control = process.database(operator);
          const request = { ...oldestFirst, to: '2025-03-03', concurrency: 2 };
          await startBackfill(control.sql, toyPipeline, request, by, 'test').catch((error: unknown) => {
            if (!(error instanceof ConflictError)) throw error;
          });
          await sendOutbox(control, process.queues(queues), null);
        } finally {
          await operator.close();
        }
      },
    },
  }).night();
  return { left: await remains(), points };
}

describe('a backfill that is stopped ends as the undisturbed one', () => {
  let undisturbed: Awaited<ReturnType<typeof backfillWith>>;
  beforeAll(async () => {
    undisturbed = await backfillWith([]);
  });

  test('undisturbed, every date is done once', () => {
    expect(undisturbed.left).toEqual(
      [
        'backfill finished',
        ...['01', '02', '03'].flatMap((day) => [
          `date 2025-03-${day} succeeded`,
          `run 2025-03-${day} backfill succeeded`,
          ...toyJobs.map((job) => `job 2025-03-${day} ${job} succeeded`),
        ]),
        ...toyJobs.map((job) => `effect ${job} done 3`),
      ].toSorted(),
    );
  });

  test.each(FATES)(
    'at any of its points, by the loss of the %s',
    async (fate) => {
      const stops = undisturbed.points.stops(fate);
      const spent = timed(strided(stops, STRIDE, FATES.indexOf(fate)));
      for (const stop of spent) {
        const { left } = await backfillWith([stop]);
        expect(left, `${fate} at ${stop[0]}, ${undisturbed.points.passed[stop[0]]}`).toEqual(
          undisturbed.left,
        );
      }
      console.log(`a backfill: ${spent.of(stops.length, 'stops')}, ${fate}: 0 lost, 0 doubled, 0 stuck`);
    },
    3_600_000,
  );
});
