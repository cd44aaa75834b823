import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { givenLeads, givenRules, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { altered, broken, offendingOf } from './checks-given.ts';
import { ask, emptied } from './relation.ts';

const AS_OF = '2026-01-13';
const DRIVERS = 'ops.v_cabinet_checked_drivers';

describe.each(versions)('the checks of collections and scouts on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await database.admin.script('truncate public.module_ct_scouts_list');
    await givenRules(database.admin);
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 5 } },
      { id: 2, date: '2026-01-06', trips: { 0: 1 } },
    ]);
    await database.admin.sql`
      insert into observational.lead_ledger (person_key, attributed_scout_id, updated_at)
      values (${personKey(1)}::uuid, 7, '2026-01-05')`;
    await database.admin.script(
      `insert into public.module_ct_scouts_list (scout_id, name) values (7, 'Siete')`,
    );
    await runJob(database, mvRefresh, { asOf: AS_OF });
  });
  const listed = (name: string) => ask(database.admin, offendingOf(`l.name = '${name}'`), AS_OF);
  const values = (name: string) =>
    ask(
      database.admin,
      `select subject, value from ops.cabinet_check_values(null) where name = '${name}' order by subject collate "C"`,
      AS_OF,
    );

  test('list nothing that fails or warns when nothing is wrong', async () => {
    expect(
      await ask(
        database.admin,
        offendingOf(`l.level <> 'I' and (l.source = 'drivers' or l.name like 'scout%')`),
        AS_OF,
      ),
    ).toEqual([]);
    expect(await listed('financial_debts')).toEqual([
      'financial_debts | I | driver:d1',
      'financial_debts | I | driver:d2',
    ]);
    expect(await listed('scout_missing')).toEqual(['scout_missing | I | driver:d2']);
    expect(await values('scout_presence')).toEqual(['WITHOUT_SCOUT | 1', 'WITH_SCOUT | 1']);
    expect(await values('scout_coverage')).toEqual(['total | 50.00']);
    expect(await values('scout_claims_coverage')).toEqual(['total | 66.67']);
    expect(await values('scout_several_sources')).toEqual(['total | 1']);
    expect(await values('scout_source_rows')).toEqual(['observational.lead_ledger | 1']);
    expect(await values('collection_share')).toEqual(['total | 0.00']);
    expect(await values('financial_totals')).toEqual([
      'debt | 85.00',
      'due | 85.00',
      'expected | 85.00',
      'expected M1 | 50.00',
      'expected M25 | 0.00',
      'expected M5 | 35.00',
      'overpaid | 0.00',
      'paid | 0.00',
      'paid M1 | 0.00',
      'paid M25 | 0.00',
      'paid M5 | 0.00',
    ]);
  });

  test.each([
    ['financial_coherence', 'H', 'reached_m1_14d', 'false', ['d1']],
    ['financial_claim_without_reaching', 'W', 'claim_m25_exists', `driver_id = 'd2'`, ['d2']],
    ['financial_reached_without_claim', 'I', 'claim_m5_exists', 'false', ['d1']],
    ['scout_name', 'W', 'has_scout_name', 'false', ['d1']],
    ['scout_resolution', 'H', 'is_scout_resolved', 'true', ['d2']],
    ['scout_resolution', 'H', 'scout_quality_bucket', `'MISSING'`, ['d1']],
    ['cobranza_rows_without_week', 'H', 'week_start', `nullif(week_start, '2026-01-05')`, ['d1', 'd2']],
  ])('%s (%s) lists the drivers whose %s is wrong', async (name, level, column, expression, drivers) => {
    const breakage = await altered(database.admin, DRIVERS, column, expression);
    const found = await broken(database.admin, breakage, offendingOf(`l.name = '${name}'`), AS_OF);
    expect(found).toEqual(drivers.map((driver) => `${name} | ${level} | driver:${driver}`));
  });

  test('cobranza_correlation fails by filter and measure when the weekly figures lose a week', async () => {
    const [definition] = await ask(
      database.admin,
      `select pg_get_functiondef('ops.cabinet_cobranza_weekly'::regproc)`,
    );
    const lost = (definition ?? '').replace(
      "where week_start > '-infinity'",
      'where expected_total_yango > 25',
    );
    expect(lost).not.toBe(definition);
    const found = await broken(database.admin, lost, offendingOf(`l.name = 'cobranza_correlation'`), AS_OF);
    expect(found).toContain('cobranza_correlation | H | all/drivers');
    expect(found).toContain('cobranza_correlation | H | only_with_debt/debt');
    expect(found).not.toContain('cobranza_correlation | H | scout_id=7/debt');
    const [detail] = await broken(
      database.admin,
      lost,
      `select detail from ops.check_cabinet_cobranza_correlation where subject = 'all/debt'`,
    );
    expect(detail).toBe('la tabla dice 85.00, las semanas 60.00 y las filas 85.00');
  });

  test('mv_columns and relation_columns fail when a column goes by another name', async () => {
    const renamed =
      'alter materialized view ops.mv_yango_cabinet_cobranza_enriched_14d rename column scout_name to scout';
    const both = `select subject from ops.check_cabinet_mv_columns union all select subject from ops.check_cabinet_relation_columns`;
    expect(await ask(database.admin, both)).toEqual([]);
    expect(await broken(database.admin, renamed, both)).toEqual([
      'column:28',
      'ops.mv_yango_cabinet_cobranza_enriched_14d.scout_name',
    ]);
  });

  test('mv_rows warns of drivers who changed after the refresh, whichever side lacks them', async () => {
    await database.admin.script(`update canon.driver_day_trips set trips = 25 where driver_id = 'd1'`);
    await givenLeads(database.admin, [{ id: 3, date: '2026-01-06', trips: { 0: 1 } }]);
    await database.admin.script(`delete from canon.identity_links where source_pk = 'd2'`);
    expect(await listed('mv_rows')).toEqual([
      'mv_rows | W | driver:d1',
      'mv_rows | W | driver:d2',
      'mv_rows | W | driver:d3',
    ]);
  });

  test('mv_as_of warns when the screens show another date, and mv_rows then says nothing', async () => {
    expect(await listed('mv_as_of')).toEqual([]);
    await database.admin.script(`update canon.driver_day_trips set trips = 25 where driver_id = 'd1'`);
    const found = await ask(database.admin, offendingOf(`l.name in ('mv_as_of', 'mv_rows')`), '2026-01-14');
    expect(found).toEqual([
      'mv_as_of | W | mv_cabinet_limbo',
      'mv_as_of | W | mv_yango_cabinet_cobranza_enriched_14d',
    ]);
  });

  test('scout_person_once fails when a person has two', async () => {
    const [view] = await ask(
      database.admin,
      `select rtrim(pg_get_viewdef('ops.v_scout_attribution'::regclass), ';')`,
    );
    const twice = `create or replace view ops.v_scout_attribution as (${view}) union all (${view})`;
    const found = await broken(database.admin, twice, offendingOf(`l.name = 'scout_person_once'`), AS_OF);
    expect(found).toEqual([`scout_person_once | H | person:${personKey(1)}`]);
  });

  test('claim_families informs of the claims that one family has alone', async () => {
    await database.admin.sql`
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected)
      values (${personKey(1)}::uuid, 'd1', '1', '2026-01-05', 1, 25.00), (${personKey(1)}::uuid, 'd1', '1', '2026-01-05', 25, 100.00)`;
    expect(await listed('claim_families')).toEqual(
      [
        [1, '05', 25],
        [1, '05', 5],
        [2, '06', 1],
      ].map(
        ([person, day, milestone]) =>
          `claim_families | I | person:${personKey(Number(person))}/2026-01-${day}/M${milestone}`,
      ),
    );
    expect(await values('claims_by_status')).toEqual(['expected unpaid | 2']);
  });

  test('examples are at most 20, the largest amounts first', async () => {
    await givenLeads(
      database.admin,
      Array.from({ length: 25 }, (_, index) => ({ id: 10 + index, date: '2026-01-06', trips: { 0: 1 } })),
    );
    await runJob(database, mvRefresh, { asOf: AS_OF });
    const [found] = await database.admin.sql(
      z.strictObject({ value: z.string(), examples: z.array(z.looseObject({ subject: z.string() })) }),
    )`select value, examples from ops.cabinet_check_values(null) where name = 'financial_debts'`;
    expect(found?.value).toBe('27');
    expect(found?.examples).toHaveLength(20);
    expect(found?.examples[0]?.subject).toBe('driver:d1');
  });
});
