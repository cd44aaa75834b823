import { rm } from 'node:fs/promises';
import { beforeAll, expect } from 'vitest';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { cabinetJobs } from '../../../functions/cabinet/jobs.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { loadDataset } from '../../../infra/local/data/load.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { writeDataset } from '../dataset-files.ts';
import type { Dice } from '../dice.ts';
import { FakeNotifier } from '../notifier.ts';
import { AS_OF, randomDataset } from '../random-dataset.ts';
import { Copies, type NightDatabase } from './copies.ts';
import { differences, type Left, leftBy, linesLeft } from './left.ts';
import { type Fate, Points, type Process, type Stop } from './points.ts';
import { type Rescue, World, type WorldOptions } from './world.ts';

/** Small, and yet every job of the night has something to do, and an alert is told. */
const SIZE = 12;

export interface Ended {
  readonly points: readonly string[];
  stops(fate: Fate): Stop[];
  readonly left: Left;
  /** Of each relation its rows, to say how it differs. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** What people were told, each once. */
  readonly told: readonly string[];
  /** Messages delivered. */
  readonly delivered: number;
}

export interface NightOptions {
  readonly rescue?: Rescue;
  readonly disorder?: Dice;
  /** Instead of the cabinet's own. */
  readonly jobs?: WorldOptions['jobs'];
}

/** Nights of the cabinet's daily pipeline, each over a copy of the same data set. */
export class CabinetNights {
  readonly #copies: Copies;

  /** Call it while tests are being described. */
  constructor() {
    const original: TestDatabase = testDatabase();
    this.#copies = new Copies(original);
    beforeAll(async () => {
      const loader = original.connect('postgres');
      const directory = await writeDataset(randomDataset(3, SIZE));
      await loadDataset(loader, directory);
      await rm(directory, { recursive: true });
      // Nobody may be connected to what is copied.
      await loader.close();
    });
  }

  /** @returns what it left, whole: the night's database is gone */
  night(plan: readonly Stop[], options: NightOptions = {}): Promise<Ended> {
    return this.#copies.with(async (database) => (await this.#spend(database, plan, options)).ended(true));
  }

  /** @throws unless the night leaves what the other left, and says what is lost or doubled */
  async sameAs(undisturbed: Ended, plan: readonly Stop[], options: NightOptions = {}): Promise<Ended> {
    return this.#copies.with(async (database) => {
      const { ended } = await this.#spend(database, plan, options);
      const night = await ended(false);
      const what = plan.map(([at, fate]) => `${fate} at ${at}, ${undisturbed.points[at]}`).join(' and ');
      const found: string[] = [];
      for (const [relation, lines] of undisturbed.lines) {
        if (night.left.get(relation) === undisturbed.left.get(relation)) continue;
        found.push(...differences(relation, lines, await linesLeft(database.admin, relation)));
      }
      expect(found, what).toEqual([]);
      expect(night.left, what).toEqual(undisturbed.left);
      expect(night.told, what).toEqual(undisturbed.told);
      return night;
    });
  }

  async #spend(database: NightDatabase, plan: readonly Stop[], options: NightOptions) {
    const notifier = new FakeNotifier();
    const points = new Points(new Map(plan), async (pid) => {
      await database.admin.sql`select pg_terminate_backend(${pid}, 10000)`;
    });
    const world = new World({
      database,
      pipeline: cabinetDaily,
      jobs: options.jobs ?? ((process) => jobsOf(process, notifier)),
      asOf: AS_OF,
      points,
      rescue: options.rescue ?? 'the message',
      ...(options.disorder === undefined ? {} : { disorder: options.disorder }),
    });
    try {
      await world.night();
    } catch (cause) {
      throw new Error(`${JSON.stringify(plan)}: ${plan.map(([at]) => points.passed[at]).join(' and ')}`, {
        cause,
      });
    }
    const ended = async (whole: boolean): Promise<Ended> => {
      const left = await leftBy(database.admin);
      const lines = new Map<string, readonly string[]>();
      if (whole)
        for (const relation of left.keys()) lines.set(relation, await linesLeft(database.admin, relation));
      return {
        points: points.passed,
        stops: (fate) => points.stops(fate),
        left,
        lines,
        told: [...new Set(notifier.told)].toSorted(),
        delivered: world.delivered,
      };
    };
    return { ended };
  }
}

/** The cabinet's bodies, with the process between them and SNS. */
export function jobsOf(process: Process, notifier: FakeNotifier) {
  const publication = alertPublicationJob(() => process.notifier(notifier));
  return cabinetJobs.map((job) => (job.name === publication.name ? publication : job));
}
