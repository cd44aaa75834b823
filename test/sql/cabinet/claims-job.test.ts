import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsJob, claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { type GivenLead, givenLeads, givenRules, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';

const asOf = '2026-01-13';

/** `lead/milestone: decision detail`, in the order in which the gaps were taken. */
function told(ran: Ran): string[] {
  return ran.decisions.map(({ subject, decision, detail }) => `${subject}: ${detail ?? decision}`);
}

describe.each(versions)('the claims job on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  beforeAll(() => givenRules(database.admin));
  beforeEach(() =>
    database.admin.script(`
      set session_replication_role = replica;
      truncate public.module_ct_cabinet_leads, canon.identity_registry, canon.identity_links, canon.driver_orphan_quarantine,
        canon.driver_day_trips, canon.claims_yango_cabinet_14d, observational.lead_events, ops.decisions cascade;
      reset session_replication_role`),
  );

  async function run(leads: readonly GivenLead[], request: object = {}, job = claimsReconcile): Promise<Ran> {
    await givenLeads(database.admin, leads);
    return runJob(database, job, { asOf, ...request });
  }

  async function claims(): Promise<string[]> {
    const rows = await database.admin.sql(z.strictObject({ claim: z.string() }))`
      select format('%s M%s %s %s rule %s', lead_source_pk, milestone, amount_expected, status, milestone_trips) as claim
      from canon.claims_yango_cabinet_14d c left join ops.partner_payment_rules r on r.id = c.rule_id
      order by lead_date desc, lead_source_pk, milestone`;
    return rows.map(({ claim }) => claim);
  }

  test('generates one claim per milestone reached, at its rule version, and traces it to the job run', async () => {
    const ran = await run([{ id: 1, date: '2025-12-31', trips: { 0: 2, 13: 3 } }]);
    expect(told(ran)).toEqual(['lead:1/M1: INSERTED', 'lead:1/M5: INSERTED']);
    expect(await claims()).toEqual(['1 M1 25.00 generated rule 1', '1 M5 35.00 generated rule 5']);
    const traced = await database.admin.sql(z.strictObject({ n: z.int() }))`
      select count(*)::integer as n from canon.claims_yango_cabinet_14d where job_run_id = ${ran.job_run_id}::uuid`;
    expect(traced).toEqual([{ n: 2 }]);
  });

  test.each<[string, Partial<GivenLead>, string]>([
    ['no event', { event: null }, 'NO_LEAD_EVENT'],
    ['an event of another person', { event: { person: 99 } }, 'EVENT_OF_OTHER_PERSON'],
    ['an event without person', { event: { person: null } }, 'EVENT_OF_OTHER_PERSON'],
    ['an event of another origin', { event: { origin: 'fleet_migration' } }, 'ORIGIN_NOT_CABINET'],
    ['an earlier first event', { event: { date: '2026-01-02' } }, 'OTHER_LEAD_DATE'],
    ['a date before any rule', { date: '2025-10-20' }, 'NO_RULE_IN_FORCE'],
  ])('vetoes a lead with %s, says so, and inserts nothing', async (_what, more, detail) => {
    const ran = await run([{ id: 1, date: '2026-01-05', trips: { 0: 1 }, ...more }], { daysBack: 'all' });
    expect(told(ran)).toEqual([`lead:1/M1: ${detail}`]);
    expect(ran.decisions[0]).toMatchObject({
      decision: 'VETOED',
      reason: 'MILESTONE_NOT_ACHIEVED_IN_PAYMENT_CALC',
    });
    expect(await claims()).toEqual([]);
    expect(ran.report).toMatchObject({ invalid_conditions: 1, claims_inserted: 0, gaps_open_after: 1 });
  });

  test('vetoes what the rule in force does not see achieved: its window is shorter than the 14 days', async () => {
    await database.admin.script(`
      insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from)
      values (901, 'cabinet', 7, 1, 25.00, '2026-01-04')`);
    try {
      const ran = await run([{ id: 1, date: '2026-01-05', trips: { 8: 1 } }]);
      expect(told(ran)).toEqual(['lead:1/M1: NOT_ACHIEVED']);
    } finally {
      await database.admin.script('delete from ops.partner_payment_rules where id = 901');
    }
  });

  test('of two leads of one person and day inserts the first; the second is told that the claim exists', async () => {
    const trips = { 0: 1 };
    const ran = await run([
      { id: 1, date: '2026-01-05 08:00', person: 7, trips },
      { id: 2, date: '2026-01-05 23:59', person: 7, trips },
    ]);
    expect(told(ran)).toEqual(['lead:1/M1: INSERTED', 'lead:2/M1: SKIPPED']);
    expect(ran.decisions[1]).toMatchObject({ reason: 'CLAIM_ALREADY_EXISTS' });
    expect(ran.report).toMatchObject({
      gaps_found: 2,
      claims_inserted: 1,
      claims_already_exist: 1,
      gaps_open_after: 0,
    });
  });

  test.each(['expected', 'generated', 'paid', 'rejected', 'expired'])(
    'leaves a claim that is %s as it is, and sees no gap there',
    async (status) => {
      await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1 } }]);
      await database.admin.sql`
        insert into canon.claims_yango_cabinet_14d (person_key, lead_source_pk, lead_date, milestone, amount_expected, status, paid_at, generated_at)
        values (${personKey(1)}::uuid, '1', '2026-01-05', 1, 25.00, ${status}::canon.claimstatus, '2026-01-10', '2026-01-06')`;
      const ran = await runJob(database, claimsReconcile, { asOf });
      expect(ran.report).toMatchObject({ gaps_open_total: 0, gaps_found: 0 });
      expect(await claims()).toEqual([`1 M1 25.00 ${status} rule `]);
    },
  );

  test('sees no gap for a driver in quarantine, no identity, no driver, or too few trips', async () => {
    const ran = await run([
      { id: 1, date: '2026-01-05', trips: { 0: 1 }, quarantined: true },
      { id: 2, date: '2026-01-05', person: null, driver: 'd2', trips: { 0: 1 } },
      { id: 3, date: '2026-01-05', driver: null },
      { id: 4, date: '2026-01-05', trips: { [-1]: 9, 14: 9 } },
    ]);
    expect(ran.report).toMatchObject({ gaps_open_total: 0, gaps_found: 0 });
  });

  test('as of a date does not see what is dated after it', async () => {
    const leads: GivenLead[] = [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 4: 4 } },
      { id: 2, date: '2026-01-09', trips: { 0: 1 } },
    ];
    const early = await run(leads, { asOf: '2026-01-08' });
    expect(told(early)).toEqual(['lead:1/M1: INSERTED']);
    const later = await runJob(database, claimsReconcile, { asOf: '2026-01-09' });
    expect(told(later)).toEqual(['lead:2/M1: INSERTED', 'lead:1/M5: INSERTED']);
  });

  describe('takes', () => {
    const leads: GivenLead[] = [
      { id: 1, date: '2026-01-12', driver: 'b', trips: { 0: 5 } },
      { id: 2, date: '2026-01-12', driver: 'a', trips: { 0: 1 } },
      { id: 3, date: '2026-01-06', trips: { 0: 1 } },
      { id: 4, date: '2025-12-23', trips: { 0: 1 } },
      { id: 5, date: '2025-12-22', trips: { 0: 1 } },
    ];
    test.each<[string, object, string[]]>([
      [
        '21 days by default, newest first, then driver and milestone',
        {},
        ['2/M1', '1/M1', '1/M5', '3/M1', '4/M1'],
      ],
      ['everything with daysBack 0', { daysBack: 0 }, ['2/M1', '1/M1', '1/M5', '3/M1', '4/M1', '5/M1']],
      [
        'everything with daysBack "all"',
        { daysBack: 'all' },
        ['2/M1', '1/M1', '1/M5', '3/M1', '4/M1', '5/M1'],
      ],
      ['as many as the limit', { limit: 2 }, ['2/M1', '1/M1']],
      ['one milestone', { onlyMilestone: 5 }, ['1/M5']],
      ['one week', { weekStart: '2026-01-05' }, ['3/M1']],
      ['the gaps alone with onlyGaps, as always', { onlyGaps: true, daysBack: 1 }, ['2/M1', '1/M1', '1/M5']],
    ])('%s', async (_what, request, subjects) => {
      const ran = await run(leads, request);
      expect(ran.decisions.map(({ subject }) => subject.replace('lead:', ''))).toEqual(subjects);
      expect(ran.report).toMatchObject({ gaps_open_total: 6, gaps_found: subjects.length });
    });

    test('chunk after chunk with limit "all", and counts all of them once', async () => {
      const ran = await run(leads, { limit: 'all', daysBack: 'all' }, claimsJob(2));
      expect(ran.decisions.map(({ subject }) => subject.replace('lead:', ''))).toEqual([
        '2/M1',
        '1/M1',
        '1/M5',
        '3/M1',
        '4/M1',
        '5/M1',
      ]);
      expect(ran.report).toMatchObject({
        gaps_open_total: 6,
        gaps_found: 6,
        claims_inserted: 6,
        gaps_open_after: 0,
      });
      expect(ran.report).toMatchObject({
        by_milestone: { inserted: { total: { count: 6, amount: '160.00' } } },
      });
    });

    test('in chunks past gaps that stay open, without taking them twice', async () => {
      const vetoed = leads.map((lead) => ({ ...lead, event: null }));
      const ran = await run(vetoed, { limit: 'all', daysBack: 'all', dryRun: true }, claimsJob(1));
      expect(new Set(ran.decisions.map(({ subject }) => subject)).size).toBe(6);
      expect(ran.decisions).toHaveLength(6);
    });
  });

  test('a price change leaves older leads at their price and claims new ones at the new', async () => {
    await database.admin.script(`
      begin;
      insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to)
      values (902, 'cabinet', 14, 1, 20.00, '2025-09-01', '2025-10-31');
      commit;`);
    const ran = await run(
      [
        { id: 1, date: '2025-10-31', trips: { 0: 1 } },
        { id: 2, date: '2025-11-01', trips: { 0: 1 } },
      ],
      { daysBack: 'all' },
    );
    expect(told(ran)).toEqual(['lead:2/M1: INSERTED', 'lead:1/M1: INSERTED']);
    expect(await claims()).toEqual(['2 M1 25.00 generated rule 1', '1 M1 20.00 generated rule 1']);
  });
});
