import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type Database } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { startCluster } from '../../infra/local/postgres/cluster.ts';
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
  readonly difference: { readonly day: string; readonly first: string } | undefined;
  /** Of all that was seen of every night: the same for the same seed. */
  readonly digest: string;
  /** Real milliseconds of the nights. */
  readonly tookMs: number;
}

/** Spends the nights twice, disturbed and undisturbed, and compares after each. */
export async function simulate(
  options: SimulateOptions,
  progress: (nights: number) => void = () => {},
): Promise<Simulated> {
  const cluster = await startCluster({ unsafe: true, maxConnections: 100 });
  const players: ChildProcess[] = [];
  const databases: Database[] = [];
  try {
    await prepare(cluster.url);
    const began = performance.now();
    const disturbed = await player(cluster.url('disturbed'), options, options.disorder);
    const undisturbed = await player(cluster.url('undisturbed'), options, 0);
    players.push(disturbed, undisturbed);
    databases.push(connect({ url: cluster.url('undisturbed') }), connect({ url: cluster.url('disturbed') }));
    return await compare(options, [undisturbed, disturbed], databases, began, progress);
  } finally {
    await Promise.all(players.map(ended));
    await Promise.all(databases.map((database) => database.close()));
    await cluster.stop();
  }
}

async function compare(
  { days }: SimulateOptions,
  [undisturbed, disturbed]: readonly [ChildProcess, ChildProcess],
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
          : { day: dateOf(day), first: found[0] ?? 'a run has not come to an end' },
      digest: digest.copy().digest('hex'),
      tookMs: performance.now() - began,
    };
  };
  for (let day = FIRST_DAY; day < FIRST_DAY + days; day += 1) {
    const whole = (day - FIRST_DAY) % WHOLE_EVERY === WHOLE_EVERY - 1 || day === FIRST_DAY + days - 1;
    const [usual, unusual] = await Promise.all(
      [undisturbed, disturbed].map((each) => spend(each, { day, whole })),
    );
    if (usual === undefined || unusual === undefined) throw new Error('two players tell of two nights');
    last = unusual;
    digest.update(JSON.stringify([unusual.left, unusual.counts]));
    const lookings = [usual, unusual].map(({ runs }) =>
      whole ? {} : { runs: runs.map((run) => run.run_id) },
    );
    const found = await foundIn(databases, lookings, usual, unusual);
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

async function prepare(url: (database: string) => string): Promise<void> {
  const server = connect({ url: url('postgres') });
  try {
    await server.script('create database undisturbed');
    const database = connect({ url: url('undisturbed') });
    const sqlDirectory = join(import.meta.dirname, '../../sql');
    await createUpstream(database, sqlDirectory);
    await migrate(database, sqlDirectory);
    await givenSettings(database);
    await ownSqlClock(database);
    await database.close();
    await server.script('create database disturbed template undisturbed');
  } finally {
    await server.close();
  }
}

async function player(
  url: string,
  { seed, careless }: SimulateOptions,
  disorder: number,
): Promise<ChildProcess> {
  const role = { url, seed, disorder, firstDay: FIRST_DAY, ...(careless === undefined ? {} : { careless }) };
  const child = fork(join(import.meta.dirname, 'player.ts'), [JSON.stringify(role)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  await answerOf(child);
  return child;
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
