import { beforeEach, describe, expect, test } from 'vitest';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { broken, offending } from './checks-given.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the cabinet’s checks on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 5 } },
      { id: 2, date: '2026-01-05', trips: { 0: 1 }, quarantined: true },
    ]);
    await database.admin.script(`
      insert into public.summary_daily (driver_id, date_file, count_orders_completed, created_at)
      values ('d1', '05-01-2026', 5, '2026-01-06'), ('d2', '05-01-2026', 1, '2026-01-06'), ('d2', '32-01-2026', 1, '2026-01-06')`);
    await runJob(database, tripsLoad, { asOf: '2026-01-13' });
    await runJob(database, achievementsRecord, { asOf: '2026-01-13' });
  });
  const found = () => ask(database.admin, offending);
  const claim = (more: { driver: string; lead: number }) => database.admin.sql`
    insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected)
    select person_key::uuid, nullif(${more.driver}, ''), lead_source_pk, lead_date_canonico, 1, 25.00
    from ops.v_cabinet_claims_expected_14d where milestone = 1 and lead_id = ${more.lead}::integer`;

  test('pass when nothing is wrong', async () => {
    expect(await found()).toEqual([]);
  });

  test('find an expected claim without an amount', async () => {
    // What was recorded as reached keeps its price from changing: only a breakage can do it.
    const breakage = `set local session_replication_role = replica;
      update ops.partner_payment_rules set amount = 0 where milestone_trips = 5`;
    expect(await broken(database.admin, breakage, offending)).toContain('amounts | H | lead:1/M5');
  });

  test('find a claim that names no driver', async () => {
    await claim({ lead: 1, driver: '' });
    expect(await found()).toEqual(['claims_without_driver | H | claim:1']);
  });

  test('find rows of the source that are neither fact nor reject, whether they came late or left', async () => {
    await database.admin.script(`
      insert into public.summary_daily (driver_id, date_file, count_orders_completed, created_at)
      values ('d1', '01-01-2026', 1, '2026-01-01'), ('d1', '06-01-2026', 1, '2026-01-07')`);
    expect(await found()).toEqual(['trips_complete | W | summary_daily']);
    const told = await ask(database.admin, 'select detail from ops.check_cabinet_trips_complete');
    expect(told).toEqual([
      '4 filas en el origen y 3 cargadas (hechos más rechazos): volver a cargar con overlapDays mayor',
    ]);
    await database.admin.script(`delete from public.summary_daily where driver_id = 'd1'`);
    expect(await found()).toEqual(['trips_complete | W | summary_daily']);
  });

  test('warn when there is no gap at all', async () => {
    await database.admin.script('truncate canon.driver_day_trips, public.summary_daily, canon.trip_rejects');
    expect(await found()).toEqual(['gap_is_empty | W | claims-gap']);
  });

  test('find two claims for one right', async () => {
    await claim({ lead: 1, driver: 'd1' });
    const twice = `
      alter table canon.claims_yango_cabinet_14d drop constraint claims_yango_cabinet_14d_person_key_lead_date_milestone_key;
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected)
      select person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected from canon.claims_yango_cabinet_14d`;
    const rows = await broken(database.admin, twice, offending);
    expect(rows).toContain('duplicate_claims | H | claim:00000000-0000-4000-8000-000000000001/2026-01-05/M1');
  });

  test.each([
    [
      'a relation of payments',
      `left join public.module_ct_cabinet_payments p on p.driver_id = r.driver_id and p.trip_1`,
    ],
    [
      'when a claim was paid',
      `left join canon.claims_yango_cabinet_14d p on p.driver_id = r.driver_id and p.paid_at is not null`,
    ],
  ])('find that what is expected depends on %s', async (_what, join) => {
    const [view] = await ask(
      database.admin,
      `select pg_get_viewdef('ops.v_cabinet_lead_milestones'::regclass)`,
    );
    const changed = (view ?? '').replace(
      'CROSS JOIN canon.cabinet_milestones m',
      `${join} CROSS JOIN canon.cabinet_milestones m`,
    );
    expect(changed).not.toBe(view);
    const rows = await broken(
      database.admin,
      `create or replace view ops.v_cabinet_lead_milestones as ${changed}`,
      offending,
    );
    expect(rows).toEqual([
      'independent_of_payments | H | ops.v_cabinet_claims_expected_14d',
      'independent_of_payments | H | ops.v_cabinet_claims_gap_14d',
    ]);
  });

  test('find gaps and cover that do not add up, and a lead that is measured twice', async () => {
    const gapWithoutOne = `
      create or replace view ops.v_cabinet_claims_gap_14d as
      select lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, window_end_14d, milestone_value, trips_14d,
             milestone_achieved, claim_expected, claim_exists, claim_status, gap_reason, gap_detail, expected_amount, rule_id, rule_window_days
      from ops.v_cabinet_claims_status_14d where claim_expected and not claim_exists and milestone_value <> 5`;
    expect(await broken(database.admin, gapWithoutOne, offending)).toEqual(['gap_and_cover | H | M5']);
    const [view] = await ask(
      database.admin,
      `select pg_get_viewdef('ops.v_cabinet_lead_milestones'::regclass)`,
    );
    const twice = (view ?? '').replace(
      'CROSS JOIN canon.cabinet_milestones m',
      'CROSS JOIN (select * from canon.cabinet_milestones union all select * from canon.cabinet_milestones where milestone = 1) m',
    );
    const rows = await broken(
      database.admin,
      `create or replace view ops.v_cabinet_lead_milestones as ${twice}`,
      offending,
    );
    expect(rows).toEqual(['milestones_per_lead | H | lead:1', 'milestones_per_lead | H | lead:2']);
  });

  test('hold the claims of a run to payment calculation, and of that run alone', async () => {
    const ran = await runJob(database, claimsReconcile, { asOf: '2026-01-13' });
    const query = `select subject, evidence ->> 'milestone' from ops.cabinet_inserted_is_achieved('${ran.run_id}') order by 2`;
    expect(await ask(database.admin, query)).toEqual([]);
    await database.admin.script('update canon.driver_day_trips set trips = 4');
    expect(await ask(database.admin, query)).toEqual(['claim:2 | 5']);
    const other = await runJob(database, claimsReconcile, { asOf: '2026-01-12' });
    expect(await ask(database.admin, query.replace(ran.run_id, other.run_id))).toEqual([]);
  });
});
