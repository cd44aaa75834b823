import { beforeEach, describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { givenLeads, givenLink, givenPerson, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { altered, broken, offendingOf } from './checks-given.ts';
import { ask, emptied } from './relation.ts';

const LIMBO = 'ops.v_cabinet_leads_limbo';

describe.each(versions)('the checks of leads on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 5 } },
      { id: 2, date: '2026-01-05', trips: { 0: 1 }, quarantined: true },
      { id: 3, date: '2026-01-05', person: null },
      { id: 4, date: '2026-01-05', driver: null },
      { id: 5, date: '2026-01-05' },
    ]);
  });
  const listed = (name: string) => ask(database.admin, offendingOf(`l.name = '${name}'`));

  test('list nothing when nothing is wrong, each lead at its stage', async () => {
    expect(await ask(database.admin, offendingOf(`l.source = 'leads' and l.level <> 'I'`))).toEqual([]);
    const stages = `select subject, value from ops.cabinet_check_values(null) where name = 'limbo_stages' order by 1`;
    expect(await ask(database.admin, stages)).toEqual([
      'NO_DRIVER | 1',
      'NO_IDENTITY | 1',
      'NO_TRIPS_14D | 1',
      'OK | 1',
      'TRIPS_NO_CLAIM | 1',
    ]);
  });

  const only = (lead: number, instead: string, column: string) =>
    `case when lead_id = ${lead} then ${instead} else ${column} end`;

  test.each([
    ['limbo_trips_without_driver', 'H', 'trips_14d', only(3, '2', 'trips_14d'), 3],
    ['limbo_trips_no_claim_unfounded', 'H', 'limbo_stage', only(3, `'TRIPS_NO_CLAIM'`, 'limbo_stage'), 3],
    ['limbo_trips_no_claim_covered', 'H', 'has_claim_m1', only(2, 'true', 'has_claim_m1'), 2],
    ['limbo_ok_incomplete', 'H', 'has_claim_m5', only(1, 'false', 'has_claim_m5'), 1],
    ['limbo_no_identity_with_person', 'W', 'limbo_stage', only(1, `'NO_IDENTITY'`, 'limbo_stage'), 1],
    ['limbo_no_driver_with_driver', 'W', 'limbo_stage', only(1, `'NO_DRIVER'`, 'limbo_stage'), 1],
    ['limbo_no_trips_with_trips', 'W', 'limbo_stage', only(1, `'NO_TRIPS_14D'`, 'limbo_stage'), 1],
    ['limbo_stage_known', 'H', 'limbo_stage', only(5, `'LOST'`, 'limbo_stage'), 5],
    ['limbo_week', 'H', 'week_start', only(1, 'week_start + 1', 'week_start'), 1],
    ['limbo_week', 'H', 'week_start', only(4, 'week_start + 7', 'week_start'), 4],
    ['limbo_trips_as_expected', 'H', 'trips_14d', only(1, 'trips_14d + 1', 'trips_14d'), 1],
    ['limbo_every_lead', 'H', 'lead_id', only(2, 'null', 'lead_id'), 2],
  ])('%s (%s) lists the lead whose %s is wrong', async (name, level, column, expression, lead) => {
    const breakage = await altered(database.admin, LIMBO, column, expression);
    const found = await broken(database.admin, breakage, offendingOf(`l.name = '${name}'`));
    expect(found).toEqual([`${name} | ${level} | lead:${lead}`]);
  });

  test('limbo_source_pk_once lists the leads that share one, an external_id that is another’s id', async () => {
    await database.admin.script(`update public.module_ct_cabinet_leads set external_id = '1' where id = 2`);
    expect(await listed('limbo_source_pk_once')).toEqual([
      'limbo_source_pk_once | H | lead:1',
      'limbo_source_pk_once | H | lead:2',
    ]);
  });

  test('an example carries what the check saw, amounts as text, and no name or phone', async () => {
    await database.admin.script(
      `update public.module_ct_cabinet_leads set external_id = '1', first_name = 'Ana', park_phone = '+51999888777'` +
        ` where id = 2`,
    );
    const [evidence] = await ask(
      database.admin,
      `select examples -> 0 -> 'evidence' from ops.cabinet_check_values(null) where name = 'limbo_source_pk_once'`,
    );
    expect(JSON.parse(evidence ?? '')).toMatchObject({ lead_id: 1, lead_source_pk: '1', same_source_pk: 2 });
    expect(evidence).not.toMatch(/Ana|999888777/);
  });

  test('overlapping_windows informs of two leads of one driver for which the same trips count', async () => {
    await givenLeads(database.admin, [{ id: 6, date: '2026-01-12', person: 1, trips: { 0: 2 } }]);
    expect(await listed('overlapping_windows')).toEqual(['overlapping_windows | I | lead:1/lead:6']);
    const detail = `select examples -> 0 ->> 'detail' from ops.cabinet_check_values(null) where name = 'overlapping_windows'`;
    expect(await ask(database.admin, detail)).toEqual(['dos leads a 7 días: 2 viajes cuentan para ambos']);
    await database.admin.script(
      `update public.module_ct_cabinet_leads set lead_created_at = '2026-01-19' where id = 6`,
    );
    expect(await listed('overlapping_windows')).toEqual([]);
  });

  test('links_have_run warns of links made since the leads job began that name no run', async () => {
    await runJob(database, leadsReconcile, { asOf: '2026-01-13' });
    expect(await listed('links_have_run')).toEqual([]);
    await givenPerson(database.admin, 9);
    await givenLink(database.admin, 9, 'drivers', 'd9', new Date(Date.now() + 60_000).toISOString());
    await database.admin.script(
      `update canon.identity_unmatched set job_run_id = null where source_pk = '3'`,
    );
    expect(await listed('links_have_run')).toEqual([
      'links_have_run | W | link:drivers/d9',
      'links_have_run | W | unmatched:module_ct_cabinet_leads/3',
    ]);
  });

  test('links_of_run fails when a run says that it made links which are not there', async () => {
    const { run_id } = await runJob(database, leadsReconcile, { asOf: '2026-01-13' });
    const query = `select subject, detail from ops.cabinet_links_of_run('${run_id}')`;
    expect(await ask(database.admin, query)).toEqual([]);
    // What it decided is complete: a row more is written past the triggers.
    await database.admin.script(`set session_replication_role = replica;
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select job_run_id, 'lead:3', 'MATCHED', null, 'R1_PHONE_EXACT', '{"gains_link": true}' from ops.job_runs where run_id = '${run_id}';
      reset session_replication_role`);
    expect(await ask(database.admin, query)).toEqual([
      'rule:R1_PHONE_EXACT | la corrida dice 1 vínculos y hay 0',
    ]);
  });
});
