import { beforeEach, describe, expect, test } from 'vitest';
import { givenLeads, givenLink, givenPerson, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { emptiedCollections, givenPayments } from './collections-given.ts';
import { ask } from './relation.ts';

describe.each(versions)('scouts on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptiedCollections);
    await givenPerson(database.admin, 1);
    await givenLink(database.admin, 1, 'drivers', 'd1');
  });
  const attribution = (columns = 'scout_id, source_table, priority') =>
    ask(database.admin, `select ${columns} from ops.v_scout_attribution order by person_key`);
  const ledger = (scout: number) =>
    database.admin.sql`insert into observational.lead_ledger (person_key, attributed_scout_id, updated_at)
      values (${personKey(1)}::uuid, ${scout}::integer, '2026-01-10T02:00:00Z')`;
  const event = (scout: number | null, payload: string, date = '2026-01-05') =>
    database.admin
      .sql`insert into observational.lead_events (source_table, source_pk, event_date, person_key, scout_id, payload_json)
      values ('module_ct_cabinet_leads', ${date}, ${date}::date, ${personKey(1)}::uuid, ${scout}::integer, ${payload}::jsonb)`;
  const migration = (id: number, scout: number, driver = 'd1', hired = '2026-01-02') =>
    database.admin.sql`insert into public.module_ct_migrations (id, driver_id, scout_id, hire_date)
      values (${id}::integer, ${driver}, ${scout}::integer, ${hired}::date)`;
  const registration = (
    id: number,
    scout: number,
    phone: string | null = '51 987-654-321',
    licence: string | null = 'q-123 a',
  ) =>
    database.admin
      .sql`insert into public.module_ct_scouting_daily (id, registration_date, scout_id, driver_license, driver_name, driver_phone)
      values (${id}::integer, '2026-01-03', ${scout}::integer, ${licence}, 'x', ${phone})`;

  test('the first source that names a scout wins: ledger, events, migrations, registrations, payments', async () => {
    await givenPayments(database, [{ id: 1, paid: [], driver: 'd1', scout: 5 }]);
    expect(await attribution()).toEqual(['5 | public.module_ct_cabinet_payments | 5']);
    await givenLink(database.admin, 1, 'module_ct_scouting_daily', '9');
    await registration(9, 4);
    expect(await attribution()).toEqual(['4 | public.module_ct_scouting_daily | 4']);
    await migration(1, 3);
    expect(await attribution()).toEqual(['3 | public.module_ct_migrations | 3']);
    await event(null, '{"scout_id": "2"}');
    expect(await attribution()).toEqual(['2 | observational.lead_events | 2']);
    await ledger(1);
    expect(await attribution('scout_id, source_table, priority, attribution_date')).toEqual([
      '1 | observational.lead_ledger | 1 | 2026-01-09',
    ]);
    expect(
      await ask(
        database.admin,
        `select distinct_scout_count, scout_ids, total_records, first_attribution_date, last_attribution_date,
           conflict_details -> 0 ->> 'source_table', conflict_details -> 4 ->> 'source_table'
         from ops.v_scout_attribution_conflicts`,
      ),
    ).toEqual([
      '5 | [1,2,3,4,5] | 5 | 2026-01-02 | 2026-01-20 | observational.lead_ledger | public.module_ct_cabinet_payments',
    ]);
  });

  test('in one source the latest date, then the latest row, then the smallest scout', async () => {
    await event(7, '{}', '2026-01-05');
    await event(8, '{}', '2026-01-06');
    expect(await attribution()).toEqual(['8 | observational.lead_events | 2']);
    await database.admin.script('truncate observational.lead_events');
    await migration(1, 6);
    await migration(2, 5);
    expect(await attribution()).toEqual(['5 | public.module_ct_migrations | 3']);
    await database.admin.script(
      `update public.module_ct_migrations set created_at = '2026-01-02' where id = 1`,
    );
    expect(await attribution()).toEqual(['6 | public.module_ct_migrations | 3']);
  });

  test('a registration finds its person by its content, normalised, else by its id', async () => {
    await givenPerson(database.admin, 2);
    const md5 = await ask(database.admin, `select md5('4|987654321|Q123A|2026-01-03')`);
    await givenLink(database.admin, 2, 'module_ct_scouting_daily', md5[0] ?? '');
    await givenLink(database.admin, 1, 'module_ct_scouting_daily', '9');
    await registration(9, 4);
    expect(await attribution('person_key')).toEqual([personKey(2)]);
    await database.admin.script(`update public.module_ct_scouting_daily set driver_license = 'other'`);
    expect(await attribution('person_key')).toEqual([personKey(1)]);
  });

  test('a registration without phone and licence still has a key of its content', async () => {
    const md5 = await ask(database.admin, `select md5('4|||2026-01-03')`);
    await givenLink(database.admin, 1, 'module_ct_scouting_daily', md5[0] ?? '');
    await registration(9, 4, null, null);
    expect(await attribution('person_key')).toEqual([personKey(1)]);
  });

  test('a migration finds its person by its own link, else by that of its driver', async () => {
    await givenPerson(database.admin, 2);
    await givenLink(database.admin, 2, 'module_ct_migrations', '1');
    await migration(1, 3);
    expect(await attribution('person_key')).toEqual([personKey(2)]);
    await migration(2, 3);
    expect(await attribution('person_key')).toEqual([personKey(1), personKey(2)]);
  });

  test('what names no person stays in the raw rows and credits nobody; a scout that is no number is none', async () => {
    await registration(9, 4);
    await givenPayments(database, [{ id: 1, paid: [], scout: 5 }]);
    await event(null, '{"scout_id": "seven"}');
    expect(await attribution()).toEqual([]);
    expect(await ask(database.admin, 'select priority from ops.v_scout_attribution_raw order by 1')).toEqual([
      '4',
      '5',
    ]);
  });

  test('as of a day later words are not heard', async () => {
    await migration(1, 3, 'd1', '2026-01-02');
    await event(8, '{}', '2026-01-06');
    expect(await ask(database.admin, 'select scout_id from ops.v_scout_attribution', '2026-01-05')).toEqual([
      '3',
    ]);
  });

  test('the standing of a driver has the scout of the person, by name, and MISSING without', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05' },
      { id: 2, date: '2026-01-05' },
    ]);
    await event(8, '{}', '2026-01-06');
    await database.admin.script(`insert into public.module_ct_scouts_list (scout_id, raw_name, name, is_active)
      values (8, null, 'ANA', null), (9, 'Luz', null, false), (10, null, null, true)`);
    expect(
      await ask(
        database.admin,
        `select driver_id, scout_id, scout_name, scout_is_active, scout_quality_bucket, is_scout_resolved, scout_priority
         from ops.v_cabinet_cobranza_enriched_14d order by 1`,
      ),
    ).toEqual(['d1 | 8 | ANA | true | EVENTS_ONLY | true | 2', 'd2 | - | - | - | MISSING | false | -']);
    expect(
      await ask(
        database.admin,
        'select raw_name, scout_name_normalized from ops.v_dim_scouts order by scout_id',
      ),
    ).toEqual(['ANA | ANA', 'Luz | Luz', 'Scout 10 | Scout 10']);
  });
});
