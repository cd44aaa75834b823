import { beforeAll, expect } from 'vitest';
import type { Database } from '../../../functions/core/database.ts';
import type { Job } from '../../../functions/core/job.ts';
import { testDatabase } from '../database.ts';
import type { Dice } from '../dice.ts';
import { FakeNotifier } from '../notifier.ts';
import { Copies, type NightDatabase } from './copies.ts';
import { kill } from './kill.ts';
import { differences, type Left, leftBy, linesLeft } from './left.ts';
import { type Fate, type Place, Points, type Process, type Stop } from './points.ts';
import { Wire, type WirePlan } from './wire.ts';
import { type Rescue, type Twice, World, type WorldOptions } from './world.ts';

/** What a night is about. */
export interface Setting extends Pick<WorldOptions, 'pipeline' | 'asOf' | 'begin' | 'day' | 'outOfOrder'> {
  /** The process that it is about; every one unless given. */
  readonly about?: string;
  load(admin: Database): Promise<unknown>;
  jobs(process: Process, notifier: FakeNotifier, database: NightDatabase): readonly Job[];
}

export interface NightOptions {
  readonly rescue?: Rescue;
  readonly disorder?: Dice;
  readonly twice?: Twice;
  /** The wire of one process, by its name. */
  readonly wire?: WirePlan & { readonly process: string };
  /** Instead of the setting's own. */
  readonly jobs?: Setting['jobs'];
}

export interface Ended {
  readonly points: readonly string[];
  readonly places: readonly Place[];
  stops(fate: Fate): Stop[];
  readonly left: Left;
  /** What people and Scheduler were told, each once. */
  readonly told: readonly string[];
  /** Messages delivered, and messages sent. */
  readonly delivered: number;
  readonly sent: number;
  /** Of the protocol, on the wire that was listened to, and how often that was cut. */
  readonly messages: number;
  readonly cuts: number;
}

/** Of each relation its rows, to say how another night differs. */
export type Whole = Ended & { readonly lines: ReadonlyMap<string, readonly string[]> };

/** Nights of one setting, each over a copy of the same data. */
export class StoppedNights {
  readonly #copies: Copies;
  readonly #setting: Setting;

  /** Call it while tests are being described. */
  constructor(setting: Setting) {
    this.#setting = setting;
    const original = testDatabase();
    this.#copies = new Copies(original);
    beforeAll(async () => {
      // Nobody may be connected to what is copied.
      const loader = original.connect('postgres');
      await setting.load(loader);
      await loader.close();
    });
  }

  /** A night that others are compared with. */
  undisturbed(options: NightOptions = {}): Promise<Whole> {
    return this.#copies.with(async (database) => {
      const ended = await this.#spend(database, [], options);
      const lines = new Map<string, readonly string[]>();
      for (const relation of ended.left.keys())
        lines.set(relation, await linesLeft(database.admin, relation));
      return { ...ended, lines };
    });
  }

  /** What the night leaves otherwise than the other: lost and doubled rows; empty when there are none. */
  async differences(
    from: Whole,
    plan: readonly Stop[],
    options: NightOptions = {},
  ): Promise<Ended & { readonly found: readonly string[] }> {
    return this.#copies.with(async (database) => {
      const ended = await this.#spend(database, plan, options);
      const found = differences('what was told', from.told, ended.told);
      for (const [relation, lines] of from.lines) {
        if (ended.left.get(relation) === from.left.get(relation)) continue;
        found.push(...differences(relation, lines, await linesLeft(database.admin, relation)));
      }
      return { ...ended, found };
    });
  }

  async sameAs(from: Whole, plan: readonly Stop[], options: NightOptions = {}): Promise<Ended> {
    const ended = await this.differences(from, plan, options);
    const what = plan.map(([at, fate]) => `${fate} at ${at}, ${ended.points[at]}`).join(' and ');
    expect(ended.found, what).toEqual([]);
    expect(ended.left, what).toEqual(from.left);
    return ended;
  }

  async #spend(
    database: NightDatabase,
    plan: readonly Stop[],
    { rescue = 'the message', disorder, twice, wire: cut, jobs = this.#setting.jobs }: NightOptions,
  ): Promise<Ended> {
    const notifier = new FakeNotifier();
    const points = new Points(new Map(plan), (pid) => kill(database.admin, pid));
    const { pipeline, asOf, begin, day, outOfOrder } = this.#setting;
    const wire = cut === undefined ? undefined : await Wire.start(database.url(), cut);
    const world = new World({
      database,
      pipeline,
      jobs: (process) => jobs(process, notifier, database),
      asOf,
      points,
      rescue,
      ...(begin === undefined ? {} : { begin }),
      ...(day === undefined ? {} : { day }),
      ...(outOfOrder === undefined ? {} : { outOfOrder }),
      ...(disorder === undefined ? {} : { disorder }),
      ...(twice === undefined ? {} : { twice }),
      portOf: (process) => (process === cut?.process ? wire?.port : undefined),
    });
    try {
      await world.night();
    } catch (cause) {
      const what = plan.map(([at, fate]) => `${fate} at ${at}, ${points.passed[at]}`).join(' and ');
      throw new Error(`stuck: ${what}`, { cause });
    } finally {
      await wire?.stop();
    }
    return {
      points: points.passed,
      places: points.places(),
      stops: (fate) => points.stops(fate),
      left: await leftBy(database.admin),
      told: [...new Set([...notifier.told, ...world.told])].toSorted(),
      delivered: world.delivered,
      sent: world.sent,
      messages: wire?.messages ?? 0,
      cuts: wire?.cuts ?? 0,
    };
  }
}
