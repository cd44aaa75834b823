import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Job } from '../../../functions/core/job.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import type { testDatabase } from '../database.ts';
import { kill } from './kill.ts';
import { FATES, Points, type Stop } from './points.ts';
import { pairs, strided } from './sample.ts';
import { timed } from './timed.ts';
import { type Rescue, World } from './world.ts';

const ALL_PAIRS = 400;
const RESCUES: readonly Rescue[] = ['the message', 'the sweeper'];

export interface ToySetting {
  readonly database: ReturnType<typeof testDatabase>;
  readonly pipeline: Pipeline;
  readonly jobs: readonly Job[];
}

export interface ToyNight {
  readonly left: readonly string[];
  readonly points: Points;
}

const line = z.strictObject({ line: z.string() });

/** Nights of toys in one database, each of its own date: they cost no copy of it. */
export class ToyNights {
  readonly #setting: ToySetting;
  #nights = 0;

  constructor(setting: ToySetting) {
    this.#setting = setting;
  }

  async night(plan: readonly Stop[], rescue: Rescue, jobs = this.#setting.jobs): Promise<ToyNight> {
    const { database, pipeline } = this.#setting;
    const asOf = new Date(Date.UTC(2010, 0, 1 + this.#nights)).toISOString().slice(0, 10);
    this.#nights += 1;
    await database.admin.sql`truncate public.toy_effects`;
    const points = new Points(new Map(plan), (pid) => kill(database.admin, pid));
    await new World({ database, pipeline, jobs, asOf, points, rescue }).night();
    return { left: await this.#remains(asOf), points };
  }

  /** What a night leaves behind, apart from ids, times and how often it was tried. */
  async #remains(asOf: string): Promise<string[]> {
    const rows = await this.#setting.database.admin.sql(line)`
      with run as (select * from ops.runs where as_of = ${asOf}::date), job as (select j.* from ops.job_runs j join run using (run_id))
      select concat_ws(' ', 'effect', job, note) as line from public.toy_effects
      union all select concat_ws(' ', 'decision', job, shard, subject, decision) from ops.decisions join job using (job_run_id)
      union all select concat_ws(' ', 'job', job, shard, shard_key, shards, status, report, counters, stale_inputs) from job
      union all select concat_ws(' ', 'run', pipeline, status, findings) from run
      union all select concat_ws(' ', 'unsent', o.job) from ops.outbox o join run using (run_id) where sent_at is null
      union all select concat_ws(' ', 'in line', w.job) from ops.waiting_job_runs w
      union all select concat_ws(' ', 'at work', j.job) from ops.attempts a join job j using (job_run_id) where a.status = 'running'
      order by 1`;
    return rows.map((row) => row.line);
  }
}

export interface ToyExtent {
  readonly title: string;
  readonly name: string;
  /** In a run of all tests one point in so many, another set for each fate; `npm run faults` tries every point. */
  readonly stride: number;
  /** Nights of two stops in a run of all tests. */
  readonly pairs: number;
}

/** Every night that is stopped somewhere ends as the one that is not. */
export function describeToyNights(
  { title, name, stride, pairs: some }: ToyExtent,
  nights: ToyNights,
  checkUndisturbed: (undisturbed: ToyNight) => void,
): void {
  describe.each(RESCUES)(`${title} that is stopped ends as the undisturbed one, rescued by %s`, (rescue) => {
    let undisturbed: ToyNight;
    beforeAll(async () => {
      undisturbed = await nights.night([], rescue);
    });

    test('undisturbed, every effect is there once', () => {
      checkUndisturbed(undisturbed);
      expect(undisturbed.left.filter((left) => /^(unsent|at work|in line)/.test(left))).toEqual([]);
    });

    test.each(FATES)(
      'at any of its points, by the loss of the %s',
      async (fate) => {
        const stops = undisturbed.points.stops(fate);
        const spent = timed(strided(stops, stride, FATES.indexOf(fate)));
        for (const stop of spent) {
          const { left } = await nights.night([stop], rescue);
          const at = `${fate} at ${stop[0]}, ${undisturbed.points.passed[stop[0]]}`;
          expect(left, at).toEqual(undisturbed.left);
        }
        console.log(
          `${name}: ${spent.of(stops.length, 'stops')}, ${fate}, ${rescue}: 0 lost, 0 doubled, 0 stuck`,
        );
      },
      3_600_000,
    );

    test('at two points, drawn by a seed', async () => {
      const stops = FATES.flatMap((fate) => undisturbed.points.stops(fate));
      const drawn = pairs(stops, { pairs: some, allPairs: ALL_PAIRS }, 20_260_113);
      const spent = timed(drawn);
      for (const plan of spent) {
        const { left } = await nights.night(plan, rescue);
        expect(left, JSON.stringify(plan)).toEqual(undisturbed.left);
      }
      console.log(`${name}: ${spent.of(drawn.length, 'pairs')}, ${rescue}: 0 lost, 0 doubled, 0 stuck`);
    }, 3_600_000);
  });
}
