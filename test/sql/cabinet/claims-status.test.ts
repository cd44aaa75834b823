import { beforeEach, describe, expect, test } from 'vitest';
import { type GivenLead, givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the status of expected claims on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
  });
  const status = (columns: string) =>
    ask(
      database.admin,
      `select ${columns} from ops.v_cabinet_claims_status_14d order by lead_id, milestone_value`,
    );
  const gaps = (columns = 'lead_id, milestone_value') =>
    ask(
      database.admin,
      `select ${columns} from ops.v_cabinet_claims_gap_14d order by lead_id, milestone_value`,
    );
  /** A claim for what is expected of the lead and milestone, in the given status. */
  const claim = (lead: number, milestone: number, claimStatus: string) =>
    database.admin.sql`
      insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status, paid_at)
      select person_key::uuid, driver_id, lead_source_pk, lead_date_canonico, milestone, amount_expected,
             ${claimStatus}::canon.claimstatus, case when ${claimStatus} = 'paid' then now() end
      from ops.v_cabinet_claims_expected_14d where lead_id = ${lead}::integer and milestone = ${milestone}::integer`;

  const reached: GivenLead = { id: 1, date: '2026-01-05', trips: { 0: 1 } };

  test.each([
    ['expected', 'OK'],
    ['generated', 'OK'],
    ['paid', 'OK'],
    ['rejected', 'CLAIM_REJECTED'],
    ['expired', 'CLAIM_EXPIRED'],
  ])('a claim that is %s covers the expectation, shown as %s', async (claimStatus, shown) => {
    await givenLeads(database.admin, [reached]);
    expect(await gaps()).toEqual(['1 | 1']);
    await claim(1, 1, claimStatus);
    expect(await gaps()).toEqual([]);
    const [first] = await status('milestone_value, claim_expected, claim_exists, claim_status, gap_reason');
    expect(first).toBe(`1 | true | true | ${shown} | ${shown}`);
  });

  test('each reason is said in one sentence', async () => {
    await givenLeads(database.admin, [
      reached,
      { id: 2, date: '2026-01-05', trips: { 0: 1 } },
      { id: 3, date: '2026-01-05', trips: { 0: 1 } },
      { id: 4, date: '2026-01-05', trips: { 0: 1 } },
      { id: 5, date: '2026-01-05', person: null, driver: null },
      { id: 6, date: '2026-01-05', driver: null },
      { id: 7, date: '2026-01-05' },
      { id: 8, date: '2026-01-05', trips: { 0: 1 }, quarantined: true },
    ]);
    await claim(2, 1, 'generated');
    await claim(3, 1, 'rejected');
    await claim(4, 1, 'expired');
    const told = await status('lead_id, milestone_value, claim_status, gap_reason, gap_detail');
    expect(told.filter((row) => row.split(' | ')[1] === '1')).toEqual([
      '1 | 1 | CLAIM_NOT_GENERATED | CLAIM_NOT_GENERATED | Se alcanzó el hito M1 con 1 viajes y no hay reclamo: falta generarlo.',
      '2 | 1 | OK | OK | El reclamo del hito M1 existe.',
      '3 | 1 | CLAIM_REJECTED | CLAIM_REJECTED | El reclamo del hito M1 fue rechazado; no se vuelve a generar.',
      '4 | 1 | CLAIM_EXPIRED | CLAIM_EXPIRED | El reclamo del hito M1 venció; no se vuelve a generar.',
      '5 | 1 | INVALID | NO_IDENTITY | El lead no tiene persona identificada.',
      '6 | 1 | INVALID | NO_DRIVER | La persona del lead no tiene conductor vinculado.',
      '7 | 1 | INVALID | INSUFFICIENT_TRIPS | El conductor hizo 0 viajes en los 14 días y el hito pide 1.',
      '8 | 1 | INVALID | DRIVER_QUARANTINED | El conductor está en cuarentena: sus 1 viajes no se reclaman.',
    ]);
  });

  test('a claim of another milestone, day or person covers nothing', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 5 } },
      { id: 2, date: '2026-01-06', person: 1 },
      { id: 3, date: '2026-01-05', trips: { 0: 1 } },
    ]);
    await claim(1, 5, 'generated');
    expect(await gaps()).toEqual(['1 | 1', '3 | 1']);
  });

  test('one claim closes both gaps of two leads of a person on one day, and one of two leads a week apart', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05 08:00', person: 7, trips: { 8: 1 } },
      { id: 2, date: '2026-01-05 20:00', person: 7, event: null },
      { id: 3, date: '2026-01-12', person: 7, event: null },
    ]);
    expect(await gaps()).toEqual(['1 | 1', '2 | 1', '3 | 1']);
    await claim(2, 1, 'generated');
    expect(await gaps()).toEqual(['3 | 1']);
  });

  test('where nothing is expected any more the claim is still shown, and no gap opens', async () => {
    await givenLeads(database.admin, [reached]);
    await claim(1, 1, 'generated');
    await database.admin.script('truncate canon.driver_day_trips');
    const [first] = await status('claim_expected, claim_exists, claim_status, gap_reason');
    expect(first).toBe('false | true | INVALID | INSUFFICIENT_TRIPS');
    expect(await gaps()).toEqual([]);
  });

  test('the gap is the part of it without a claim, column by column', async () => {
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 25 } },
      { ...reached, id: 2 },
    ]);
    await claim(1, 5, 'paid');
    const columns = `lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, window_end_14d, milestone_value,
      trips_14d, milestone_achieved, claim_expected, claim_exists, claim_status, gap_reason, gap_detail, expected_amount, rule_id`;
    const open = await ask(
      database.admin,
      `select ${columns} from ops.v_cabinet_claims_status_14d where claim_status = 'CLAIM_NOT_GENERATED' order by lead_id, milestone_value`,
    );
    expect(open).toHaveLength(3);
    expect(await gaps(columns)).toEqual(open);
  });
});
