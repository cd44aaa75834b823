import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { cancelRun, retryRun } from '../../../functions/core/operations.ts';
import { newest, type TestDatabase, testDatabase } from '../../support/database.ts';
import { Dice } from '../../support/dice.ts';
import { Drive } from '../../support/drive.ts';
import { bodyOf, type Part } from '../../support/random-body.ts';
import { anyNight, type Night } from '../../support/random-graph.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, seal } from './trail.ts';

const RUNS = 12;
const MOST_STEPS = 400;

/** Each part of each job decides something. */
const decide =
  (name: string) =>
  ({ sql, jobRunId }: Part) =>
    sql`insert into ops.decisions (job_run_id, subject, decision) values (${jobRunId}::uuid, ${name}, 'MADE')`;

/** Whatever the functions of this house do to runs, in whatever order, with seals of whatever size in between. */
class Disturbed {
  readonly #database: TestDatabase;
  readonly #dice: Dice;
  readonly #drive: Drive;
  #mended = false;
  /** What was done, for who reads of a finding. */
  readonly done: string[] = [];

  constructor(database: TestDatabase, night: Night) {
    this.#database = database;
    this.#dice = new Dice(night.seed);
    const { pipeline, fates } = night;
    const bodies = [...fates].map(([name, fate]) => bodyOf(name, fate, decide(name), () => this.#mended));
    this.#drive = new Drive(database, pipeline, bodies);
  }

  async spend(): Promise<void> {
    const runs = [await this.#drive.start('2026-01-13')];
    if (this.#dice.chance(0.5)) runs.push(await this.#drive.start('2026-01-13', { forced: true }));
    const { work, control } = this.#drive.environment;
    try {
      for (let steps = 0; steps < MOST_STEPS; steps += 1) {
        if (this.#drive.waiting.length === 0 && !(await this.#takenUp(runs))) return;
        if (this.#dice.chance(0.2)) await this.#look();
        if (this.#dice.chance(0.04)) await this.#cancelled(runs);
        const next = this.#dice.shuffled(this.#drive.waiting)[0];
        if (next !== undefined) await this.#drive.receive(next);
      }
      throw new Error(`the night does not come to rest: ${this.done.join(', ')}`);
    } finally {
      await Promise.all([work.close(), control.close()]);
    }
  }

  async #look(): Promise<void> {
    const limit = Number(this.#dice.of(['1', '3', '10', '1000']));
    await seal(this.#database.admin, { limit });
    this.done.push(`sealed ${limit}`);
    expect(await findings(this.#database.admin), this.done.join(', ')).toEqual([]);
  }

  async #cancelled(runs: readonly string[]): Promise<void> {
    const runId = this.#dice.of(runs);
    if ((await this.#status(runId)) !== 'running') return;
    await cancelRun(this.#database.admin.sql, runId, { operator: 'ana', reason: 'enough' });
    this.done.push('cancelled');
  }

  /** Nothing is under way: one that failed is taken up again, mended now and then; in the end all are mended. */
  async #takenUp(runs: readonly string[]): Promise<boolean> {
    await this.#look();
    for (const runId of runs) {
      if ((await this.#status(runId)) !== 'failed') continue;
      this.#mended = this.done.length > 40 || this.#dice.chance(0.3);
      await retryRun(this.#database.admin.sql, runId, { operator: 'ana', reason: 'mended' });
      this.done.push(this.#mended ? 'mended and taken up' : 'taken up');
      await this.#drive.send();
      return true;
    }
    while ((await seal(this.#database.admin, { limit: 10 })).more);
    expect(await findings(this.#database.admin), this.done.join(', ')).toEqual([]);
    return false;
  }

  async #status(runId: string): Promise<string> {
    return (
      (await ask(this.#database.admin, `select status from ops.runs where run_id = '${runId}'`))[0] ?? ''
    );
  }
}

describe.each(newest)('a trail that nobody touched, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const counted = { nights: 0, takenUp: 0, cancelled: 0 };
  beforeAll(() => seal(database.admin));

  test('has no finding, whatever becomes of runs that fail, are split, forced, cancelled and taken up again', async () => {
    await fc.assert(
      fc.asyncProperty(anyNight, async (night) => {
        const disturbed = new Disturbed(database, night);
        await disturbed.spend();
        counted.nights += 1;
        counted.takenUp += disturbed.done.filter((what) => what.endsWith('taken up')).length;
        counted.cancelled += disturbed.done.filter((what) => what === 'cancelled').length;
      }),
      { numRuns: RUNS, endOnFailure: true, seed: 20_260_113 },
    );
    // It did happen.
    expect(counted.nights).toBe(RUNS);
    expect(Math.min(counted.takenUp, counted.cancelled)).toBeGreaterThan(3);
  }, 300_000);
});
