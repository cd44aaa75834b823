import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../functions/core/database.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { counts, leadsOf, table, take } from '../../support/uploads.ts';
import { ask } from './relation.ts';

describe.each(versions)('a file of leads on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let operator: Database;
  const header = 'external_id,lead_created_at,first_name,park_phone,status,active_1';
  const leads = (...rows: (string | null)[][]) => take(operator, 'leads', table(header, rows));

  beforeEach(async () => {
    operator ??= database.connect('cuadre_operator');
    await database.admin.script('truncate public.module_ct_cabinet_leads restart identity');
  });

  test('becomes leads', async () => {
    const taken = await leads(
      ['a', '2026-01-05 10:00:00', 'Ángel', '977', 'lead', 'TRUE'],
      ['b', '2026-01-06T11:00:00.25', '=cmd|x', null, null, 'n'],
      ['c', '2025-11-03', 'Zoé\n"Z", 2', '', 'lead', null],
    );
    expect(taken).toMatchObject({
      upload: {
        dataset: 'leads',
        channel: 'api',
        uploaded_by: 'ana',
        file_name: 'file.csv',
        total_rows: 3,
        inserted: 3,
        first_date: '2025-11-03',
        last_date: '2026-01-06',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      errors: [],
      differences: [],
    });
    expect(await leadsOf(database)).toEqual([
      'a|2026-01-05 10:00:00.000000|Ángel|977|lead|t',
      'b|2026-01-06 11:00:00.250000|=cmd|x|f',
      'c|2025-11-03 00:00:00.000000|Zoé\n"Z", 2|lead',
    ]);
  });

  test('handed in again adds nothing, also of leads without external_id', async () => {
    const rows = [
      ['a', '2026-01-05', 'Ana', '977', 'lead', 'true'],
      [null, '2026-01-05', 'Eva', '978', 'lead', 'true'],
      [null, '2026-01-05', 'Eva', '978', 'lead', 'true'],
      [null, '2026-01-05', null, null, null, null],
    ];
    expect(counts(await leads(...rows))).toEqual({ inserted: 4 });
    const before = await leadsOf(database);
    expect(counts(await leads(...rows.toReversed()))).toEqual({ ignored: 4 });
    expect(counts(await leads(...rows, ...rows.slice(1, 2)))).toEqual({ inserted: 1, ignored: 4 });
    expect(await leadsOf(database)).toEqual([...before, before[2]].toSorted());
  });

  test('with another content for a lead that is there leaves it, and says which columns differ', async () => {
    await leads(
      ['a', '2026-01-05', 'Ana', '977', 'lead', 'true'],
      [null, '2026-01-05', 'Eva', '978', 'lead', 'true'],
    );
    const before = await leadsOf(database);
    const taken = await leads(
      ['a', '2026-01-05', 'Ana', null, 'registered', 'true'],
      [null, '2026-01-05', 'Eva', '978', 'registered', 'true'],
      ['b', '2026-01-07', null, null, null, null],
    );
    expect(counts(taken)).toEqual({ inserted: 1, different: 2 });
    expect(taken.differences).toEqual([
      {
        line: 2,
        field: 'park_phone, status',
        value: null,
        rule: 'the lead is there with other content, which stays',
      },
      {
        line: 3,
        field: null,
        value: null,
        rule: 'a lead of this moment, name, phone and plate is there with other content, which stays',
      },
    ]);
    expect((await leadsOf(database)).filter((lead) => !lead.startsWith('b'))).toEqual(before);
  });

  test('with fewer columns is compared in those that it has', async () => {
    await leads(
      ['a', '2026-01-05', 'Ana', '977', 'lead', 'true'],
      [null, '2026-01-06', 'Eva', '978', 'lead', 'true'],
    );
    const fewer = 'lead_created_at,external_id,first_name\r\n2026-01-05,a,Ana\r\n2026-01-06,,Eva\r\n';
    expect(counts(await take(operator, 'leads', fewer))).toEqual({ ignored: 2 });
  });

  test('that says two things of one lead has both lines rejected, whatever their order', async () => {
    const rows = [
      ['a', '2026-01-05', 'Ana', null, null, null],
      ['a', '2026-01-05', 'Eva', null, null, null],
      ['b', '2026-01-05', 'Bea', null, null, null],
      ['b', '2026-01-05', 'Bea', null, null, null],
    ];
    const taken = await leads(...rows);
    expect(counts(taken)).toEqual({ inserted: 1, ignored: 1, rejected: 2 });
    const rule = 'is on several lines of the file, with different content';
    expect(taken.errors).toEqual([2, 3].map((line) => ({ line, field: 'external_id', rule, value: null })));
    expect(counts(await leads(...rows.toReversed()))).toEqual({ ignored: 2, rejected: 2 });
  });

  test('gives ids that do not depend on the order of lines', async () => {
    const rows = ['3', '1', '2'].map((day) => [null, `2026-01-0${day}`, `n${day}`, null, null, null]);
    const ids = () =>
      ask(database.admin, `select id || first_name from public.module_ct_cabinet_leads order by 1`);
    await leads(...rows);
    const first = await ids();
    await database.admin.script('truncate public.module_ct_cabinet_leads restart identity');
    await leads(...rows.toReversed());
    expect(first).toEqual(['1n1', '2n2', '3n3']);
    expect(await ids()).toEqual(first);
  });

  test('keeps of a rejected row its line, field and rule, and no letter or digit of it', async () => {
    const taken = await leads(
      ['a', '31/01/2026', 'Ana', '977', null, 'quizá'],
      ['b', null, 'Eva', null, null, null],
      ['c', '2026-02-30', null, null, null, null],
      ['d', '2026-01-05', null, null, null, null],
    );
    expect(counts(taken)).toEqual({ inserted: 1, rejected: 3 });
    expect(taken.errors.map(({ line, field, value }) => [line, field, value])).toEqual([
      [2, 'active_1', 'quizá'],
      [2, 'lead_created_at', '31/01/2026'],
      [3, 'lead_created_at', null],
      [4, 'lead_created_at', '2026-02-30'],
    ]);
    const kept = await ask(
      database.admin,
      `select concat_ws('|', line, verdict, field, shape) from ops.upload_rejects where upload_id = '${taken.upload.upload_id}' order by line, field`,
    );
    expect(kept).toEqual([
      '2|rejected|active_1|aaaaa',
      '2|rejected|lead_created_at|99/99/9999',
      '3|rejected|lead_created_at',
      '4|rejected|lead_created_at|9999-99-99',
    ]);
  });

  test('of a dry run says the same and changes nothing', async () => {
    await leads(['a', '2026-01-05', 'Ana', null, null, null]);
    const rows = [
      ['a', '2026-01-05', 'Eva', null, null, null],
      ['b', '2026-01-05', null, null, null, null],
      ['c', 'soon', null, null, null, null],
    ];
    const uploads = () => ask(database.admin, 'select count(*) from ops.uploads');
    const [before, count] = [await leadsOf(database), await uploads()];
    const dry = await take(operator, 'leads', table(header, rows), true);
    expect([await leadsOf(database), await uploads()]).toEqual([before, count]);
    const { upload, ...rest } = await leads(...rows);
    expect(rest).toEqual({ errors: dry.errors, differences: dry.differences });
    expect(counts(dry)).toEqual(counts({ upload, ...rest }));
  });

  test('leaves nothing in the table in which its rows waited', async () => {
    await leads(['a', '2026-01-05', 'Ana', null, null, null]);
    expect(await ask(database.admin, "select pg_relation_size('ops.staged_leads')")).toEqual(['0']);
  });

  test('is recorded for good', async () => {
    await leads(['a', '2026-01-05', 'Ana', null, null, null]);
    for (const change of [
      'update ops.uploads set inserted = 0',
      'delete from ops.uploads',
      'truncate ops.upload_rejects',
    ]) {
      await expect(database.admin.script(change)).rejects.toThrow('append-only');
    }
  });
});
