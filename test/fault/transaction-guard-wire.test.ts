/** The conversation cut after every few bytes, in each direction: whatever is under way then, the rows agree. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { connect } from '../../functions/core/database.ts';
import { LostError, RetryableError } from '../../functions/core/errors.ts';
import { testDatabase } from '../support/database.ts';
import { type Chunk, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const database = testDatabase({ empty: true });
let proxy: TcpProxy;
let uncaught = 0;
const count = () => {
  uncaught += 1;
};

beforeAll(async () => {
  process.on('uncaughtException', count);
  process.on('unhandledRejection', count);
  await database.admin.script('create table guard (trial int not null, n int not null)');
  const url = new URL(database.url());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
});
afterAll(async () => {
  process.off('uncaughtException', count);
  process.off('unhandledRejection', count);
  await proxy.stop();
});

/** Cuts one direction after so many bytes, once: later connections are left alone. Tells how many it saw. */
function cutAfter(from: Chunk['from'], bytes: number, fate: 'reset' | 'close') {
  const first = proxy.connections;
  let seen = 0;
  proxy.rule = (chunk) => {
    if (chunk.from !== from || chunk.connection !== first) return 'pass';
    const before = seen;
    seen += chunk.bytes.length;
    return seen <= bytes ? 'pass' : { first: Math.max(0, bytes - before), rest: fate };
  };
  return () => seen;
}

let trials = 0;

/** One transaction of two rows on a connection of its own; what its caller was told and which rows there are. */
async function play() {
  trials += 1;
  const trial = trials;
  const subject = connect({
    url: proxy.url(database.url()),
    connectTimeoutSeconds: 1,
    statementTimeoutSeconds: 1,
  });
  const told = await subject
    .transaction(async (sql) => {
      await sql`insert into guard values (${trial}, 1)`;
      await sql.savepoint((inner) => inner`insert into guard values (${trial}, 2)`);
    })
    .then(
      () => 'committed',
      (error: unknown) => error,
    );
  // The server may still be about to hear of the cut; the lock waits until this trial's backend has ended.
  await database.admin.transaction((sql) => sql`lock table guard in access exclusive mode`);
  const [row] = await database.admin.sql(z.strictObject({ n: z.coerce.number() }))`
    select count(*) as n from guard where trial = ${trial}`;
  proxy.rule = () => 'pass';
  await subject.sql`select 1`;
  await subject.close();
  return { told, rows: row?.n };
}

const bytesOf = async (from: Chunk['from']) => {
  const seen = cutAfter(from, Number.POSITIVE_INFINITY, 'reset');
  expect(await play()).toEqual({ told: 'committed', rows: 2 });
  return seen();
};

describe.each(['client', 'server'] as const)('bytes from the %s', (from) => {
  test.each(['reset', 'close'] as const)('%s at every fifth', async (fate) => {
    const total = await bytesOf(from);
    const told = { committed: 0, retryable: 0, lost: 0 };
    // A trial's number makes it longer than the first was: beyond the last byte of all nothing is cut any more.
    for (let bytes = 0; told.committed === 0; bytes += 5) {
      cutAfter(from, bytes, fate);
      const outcome = await play();
      if (outcome.told === 'committed') {
        told.committed += 1;
        expect(outcome.rows).toBe(2);
      } else if (outcome.told instanceof RetryableError) {
        told.retryable += 1;
        expect(outcome.rows).toBe(0);
      } else {
        expect(outcome.told).toBeInstanceOf(LostError);
        told.lost += 1;
        expect([0, 2]).toContain(outcome.rows);
      }
    }
    console.log(`${fate} of ${total} bytes from the ${from}: ${JSON.stringify(told)}, ${uncaught} uncaught`);
    expect(told.retryable).toBeGreaterThan(0);
    expect(told.lost).toBeGreaterThan(0);
    expect(uncaught).toBe(0);
  });
});
