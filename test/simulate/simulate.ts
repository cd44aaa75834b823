import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { differences, type Looking, linesLeft } from '../support/crash/left.ts';
import type { SimulateOptions } from './options.ts';
import { ownSqlClock } from './own-sql-clock.ts';
import { type Told, told } from './protocol.ts';
import { givenSettings } from './upstream.ts';

/** 1 January 2024. */
const FIRST_DAY = 19_723;
/** Every relation is looked at whole so often, and at the end; otherwise of a night's own rows what it added. */
const WHOLE_EVERY = 30;

export interface Simulated {
  readonly nights: number;
  readonly counts: Told['counts'];
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  /** What went wrong first. */
  readonly difference: { readonly day: string; readonly lines: readonly string[] } | undefined;
  /** Of all that was seen of every night: the same for the same seed. */
  readonly digest: string;
  /** Real milliseconds of the nights. */
  readonly tookMs: number;
}

/** Two migrated databases without rows, as the superuser. */
export interface Stages {
  readonly undisturbed: string;
  readonly disturbed: string;
}

/** Spends the nights twice, disturbed and undisturbed, and compares after each. */
export async function simulate(
  options: SimulateOptions,
  stages: Stages,
  progress: (nights: number) => void = () => {},
): Promise<Simulated> {
  const urls = [stages.undisturbed, stages.disturbed];
  const databases = urls.map((url) => connect({ url }));
  const players: ChildProcess[] = [];
  try {
    for (const database of databases) {
      await givenSettings(database);
      await ownSqlClock(database);
    }
    const began = performance.now();
    for (const [url, disorder] of [
      [stages.undisturbed, 0],
      [stages.disturbed, options.disorder],
    ] as const) {
      players.push(start(url, options, disorder));
    }
    await Promise.all(players.map(answerOf));
    return await compare(options, players, databases, began, progress);
  } finally {
    await Promise.all(players.map(ended));
    await Promise.all(databases.map((database) => database.close()));
  }
}

async function compare(
  { days }: SimulateOptions,
  players: readonly ChildProcess[],
  databases: readonly Database[],
  began: number,
  progress: (nights: number) => void,
): Promise<Simulated> {
  const digest = createHash('sha256');
  let last: Told | undefined;
  const result = (found: readonly string[], stuck: number, day: number): Simulated => {
    if (last === undefined) throw new Error('there was no night');
    return {
      nights: day - FIRST_DAY + 1,
      counts: last.counts,
      lost: found.filter((line) => line.includes(' lacks ')).length,
      doubled: found.filter((line) => line.includes(' has too ')).length,
      stuck,
      difference:
        found[0] === undefined && stuck === 0
          ? undefined
          : { day: dateOf(day), lines: found.length > 0 ? found : ['a run has not come to an end'] },
      digest: digest.copy().digest('hex'),
      tookMs: performance.now() - began,
    };
  };
  for (let day = FIRST_DAY; day < FIRST_DAY + days; day += 1) {
    const whole = (day - FIRST_DAY) % WHOLE_EVERY === WHOLE_EVERY - 1 || day === FIRST_DAY + days - 1;
    const [usual, unusual] = await Promise.all(players.map((each) => spend(each, { day, whole })));
    if (usual === undefined || unusual === undefined) throw new Error('two players tell of two nights');
    last = unusual;
    digest.update(JSON.stringify([unusual.left, unusual.counts]));
    const lookings = [usual, unusual].map(({ runs }) =>
      whole ? {} : { runs: runs.map((run) => run.run_id) },
    );
    const found = await foundIn(databases, lookings, usual, unusual);
    if (whole) for (const database of databases) found.push(...(await walked(database)));
    const stuck = unusual.runs.filter(({ status }) => status === 'running').length;
    if (found.length > 0 || stuck > 0) return result(found, stuck, day);
    progress(day - FIRST_DAY + 1);
  }
  return result([], 0, FIRST_DAY + days - 1);
}

async function foundIn(
  databases: readonly Database[],
  lookings: readonly Looking[],
  usual: Told,
  unusual: Told,
): Promise<string[]> {
  const found: string[] = [];
  for (const relation of new Set([...Object.keys(usual.left), ...Object.keys(unusual.left)])) {
    if (usual.left[relation] === unusual.left[relation]) continue;
    const [before = [], after = []] = await Promise.all(
      databases.map((database, index) => linesLeft(database, relation, lookings[index])),
    );
    found.push(...differences(relation, before, after));
  }
  return found;
}

/** Nobody touched the audit trail: a walk over it finds nothing, however the nights went. */
async function walked(database: Database): Promise<string[]> {
  const rows = await database.sql(z.strictObject({ line: z.string() }))`
    select concat_ws(' ', source, 'has too', finding, detail) as line from ops.audit_findings(null)`;
  return rows.map(({ line }) => line);
}

function start(url: string, { seed, careless }: SimulateOptions, disorder: number): ChildProcess {
  const role = { url, seed, disorder, firstDay: FIRST_DAY, ...(careless === undefined ? {} : { careless }) };
  return fork(join(import.meta.dirname, 'player.ts'), [JSON.stringify(role)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
}

async function spend(child: ChildProcess, night: { day: number; whole: boolean }): Promise<Told> {
  const answer = answerOf(child);
  child.send(night);
  return told.parse(await answer);
}

/** @throws when it ends instead of answering */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const given = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: given.signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal: given.signal }).then(([code]) => {
        throw new Error(`a player ended with ${code}; what it said is above`);
      }),
    ]);
  } finally {
    given.abort();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

const dateOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
