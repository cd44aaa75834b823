import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { takeUpload } from '../../functions/cabinet/uploads/take-upload.ts';
import { connect } from '../../functions/core/database.ts';
import { RetryableError } from '../../functions/core/errors.ts';
import { ask } from '../sql/cabinet/relation.ts';
import { testDatabase } from '../support/database.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { counts, request, table, take } from '../support/uploads.ts';

const database = testDatabase();
const header = 'external_id,lead_created_at,first_name';
const rows = Array.from({ length: 500 }, (_, index) => [
  index % 3 === 0 ? null : `lead-${index}`,
  '2026-01-05',
  `name ${index % 50}`,
]);
const file = table(header, rows);

const left = () =>
  ask(
    database.admin,
    `select (select count(*) from public.module_ct_cabinet_leads) as leads, (select count(*) from ops.uploads) as uploads,
            (select count(*) from ops.upload_rejects) as rejects, (select count(*) from ops.staged_leads) as staged`,
  );

beforeEach(() =>
  database.admin.script(
    'set session_replication_role = replica; truncate public.module_ct_cabinet_leads, ops.uploads, ops.upload_rejects restart identity',
  ),
);

/** The file in pieces of 1,000 bytes, with something that happens between them. */
async function* disturbed(at: number, disturb: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(file);
  for (let from = 0, piece = 0; from < bytes.length; from += 1000, piece += 1) {
    if (piece === at) await disturb();
    yield bytes.subarray(from, from + 1000);
  }
}

describe('an upload', () => {
  test('whose rows would have ids that are taken is refused whole: none of them is said to be there', async () => {
    const operator = database.connect('cuadre_operator');
    // Who copied the table gave the ids, and the sequence has not heard of it.
    await database.admin
      .sql`insert into public.module_ct_cabinet_leads (id, external_id, lead_created_at) values (2, 'copied', '2026-01-04')`;
    await expect(take(operator, 'leads', file)).rejects.toThrow(
      /leads table has given rows ids that its sequence does not know/,
    );
    expect(await left()).toEqual(['1 | 0 | 0 | 0']);
  });

  test.each([0, 1, 7])(
    'whose backend is killed before piece %i has written nothing, and can be repeated',
    async (at) => {
      const operator = database.connect('cuadre_operator');
      const kill = async () => {
        const gone = await database.admin.sql(z.strictObject({ gone: z.boolean() }))`
        select pg_terminate_backend(pid, 5000) as gone from pg_stat_activity
        where usename = 'cuadre_operator' and datname = current_database() and xact_start is not null`;
        expect(gone).toEqual([{ gone: true }]);
      };
      const killed = takeUpload(operator, request('leads', file, { bytes: () => disturbed(at, kill) }), {
        dryRun: false,
      });
      await expect(killed).rejects.toThrow(RetryableError);
      expect(await left()).toEqual(['0 | 0 | 0 | 0']);
      expect(counts(await take(operator, 'leads', file))).toEqual({ inserted: 500 });
    },
  );

  test('whose source ends in an error has written nothing', async () => {
    const operator = database.connect('cuadre_operator');
    const broken = () => disturbed(3, () => Promise.reject(new Error('the network went away')));
    await expect(
      takeUpload(operator, request('leads', file, { bytes: broken }), { dryRun: false }),
    ).rejects.toThrow('the network went away');
    expect(await left()).toEqual(['0 | 0 | 0 | 0']);
  });

  test.each([
    ['was done is answered as done', true],
    ['was not done may be tried again', false],
  ])('whose commit nobody answered and %s', async (_what, done) => {
    const { hostname, port } = new URL(database.url());
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const operator = connect({ url: proxy.url(database.url('cuadre_operator')) });
    onTestFinished(async () => {
      await operator.close();
      await proxy.stop();
    });
    let committed: number | undefined;
    proxy.rule = ({ from, bytes, connection }) => {
      if (from === 'client' && bytes.toString('latin1').includes('commit')) {
        committed = connection;
        if (!done) return 'reset';
      }
      // The next connection, which asks what became of it, is left alone.
      return from === 'server' && connection === committed ? 'reset' : 'pass';
    };
    const ended = takeUpload(operator, request('leads', file), { dryRun: false });
    if (done) expect(counts(await ended)).toEqual({ inserted: 500 });
    else await expect(ended).rejects.toThrow(RetryableError);
    expect(await left()).toEqual([done ? '500 | 1 | 0 | 0' : '0 | 0 | 0 | 0']);
  });

  test('handed in twice at once is as if handed in once', async () => {
    const both = await Promise.all(
      [1, 2, 3].map(() => take(database.connect('cuadre_operator'), 'leads', file)),
    );
    expect(both.map(counts).toSorted((a, b) => (b.inserted ?? 0) - (a.inserted ?? 0))).toEqual([
      { inserted: 500 },
      { ignored: 500 },
      { ignored: 500 },
    ]);
    expect(await left()).toEqual(['500 | 3 | 0 | 0']);
  });

  test('is not in the way of one of another table', async () => {
    const trips = 'driver_id,date_file,count_orders_completed,created_at\nd1,05-01-2026,1,2026-01-06\n';
    const other = database.connect('cuadre_operator');
    const meanwhile = async () => {
      expect(counts(await take(other, 'trips', trips))).toEqual({ inserted: 1 });
    };
    const operator = database.connect('cuadre_operator');
    const taken = await takeUpload(
      operator,
      request('leads', file, { bytes: () => disturbed(2, meanwhile) }),
      { dryRun: false },
    );
    expect(counts(taken)).toEqual({ inserted: 500 });
  });

  test('of more bad rows than a file of the kind can have is refused whole', async () => {
    const operator = database.connect('cuadre_operator');
    const bad = `${header}\n${'x,,\n'.repeat(100_001)}`;
    await expect(take(operator, 'leads', bad)).rejects.toThrow('has more than 100000 things wrong');
    expect(await left()).toEqual(['0 | 0 | 0 | 0']);
  });
});
