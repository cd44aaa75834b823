import { beforeEach, describe, expect, test } from 'vitest';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { type GivenLead, givenLeads, givenLink, givenPerson, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-31';

describe.each(versions)('recorded achievements on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
  });

  const query = (text: string, date?: string) => ask(database.admin, text, date);
  const record = (request: object = {}): Promise<Ran> =>
    runJob(database, achievementsRecord, { asOf, ...request });
  async function recorded(...leads: readonly GivenLead[]): Promise<Ran> {
    await givenLeads(database.admin, leads);
    return record();
  }
  const achieved = (date?: string) =>
    query(
      `select driver_id, milestone_value, lead_date, achieved_date, achieved_trips_in_window, expected_amount
       from ops.v_cabinet_milestones_achieved order by driver_id, milestone_value`,
      date,
    );
  const today = () =>
    query('select driver_id, milestone_value, today from ops.v_cabinet_achievements_today order by 1, 2');
  const outcomes = (ran: Ran) =>
    ran.decisions.map(({ subject, decision, reason, detail }) =>
      [subject, decision, reason, detail].filter(Boolean).join(' '),
    );
  /** Nothing more than its days has changed: the record stands, and what would differ is told. */
  async function stands(before: readonly string[], differing: readonly string[]): Promise<void> {
    const ran = await record();
    expect(ran.report).toMatchObject({ recorded: 0, would_differ: differing.length });
    expect(outcomes(ran)).toEqual(
      differing.map((each) => `driver:${each.replace(' ', ' KEPT WOULD_DIFFER_TODAY ')}`),
    );
    expect(await achieved()).toEqual(before);
  }

  test('the day on which the trips reach it, with the days that did', async () => {
    const ran = await recorded({
      id: 1,
      date: '2026-01-05',
      trips: { '-1': 9, 0: 1, 1: 0, 2: 3, 4: 2, 6: 1 },
    });
    expect(await achieved()).toEqual([
      'd1 | 1 | 2026-01-05 | 2026-01-05 | 1 | 25.00',
      'd1 | 5 | 2026-01-05 | 2026-01-09 | 6 | 35.00',
    ]);
    expect(outcomes(ran)).toEqual(['driver:d1/M1 RECORDED FIRST_SEEN', 'driver:d1/M5 RECORDED FIRST_SEEN']);
    expect(
      await query(`select day ->> 'date', day ->> 'trips' from canon.milestone_achievements, jsonb_array_elements(trip_days) day
                        where milestone_value = 5`),
    ).toEqual(['2026-01-05 | 1', '2026-01-07 | 3', '2026-01-09 | 2']);
    expect(await query('select subject from ops.check_cabinet_achievement_evidence')).toEqual([]);
    expect(
      await query(`select rule_scope, rule_valid_from, rule_valid_to, window_days, currency, seen_as_of, person_key is not null
                        from canon.milestone_achievements where milestone_value = 1`),
    ).toEqual([`partner | 2025-11-01 | - | 14 | PEN | ${asOf} | true`]);
  });

  test('day 13 is inside, day 14 and the day before are not; a driver in quarantine has none', async () => {
    await recorded(
      { id: 1, date: '2026-01-05', trips: { 13: 1 } },
      { id: 2, date: '2026-01-05', trips: { 14: 1 } },
      { id: 3, date: '2026-01-05', trips: { '-1': 1 } },
      { id: 4, date: '2026-01-05', trips: { 0: 1 }, quarantined: true },
      { id: 5, date: '2026-01-05', trips: { 0: 1 }, event: { origin: 'fleet_migration' } },
    );
    expect(await achieved()).toEqual(['d1 | 1 | 2026-01-05 | 2026-01-18 | 1 | 25.00']);
  });

  test('dry: says what it would record and records nothing; again: nothing is new', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
    const dry = await record({ dryRun: true });
    expect(dry.report).toMatchObject({
      recorded: 0,
      would_record: 2,
      by_milestone: { total: { count: 2, amount: '60.00' } },
    });
    expect(outcomes(dry)).toEqual([
      'driver:d1/M1 WOULD_RECORD FIRST_SEEN',
      'driver:d1/M5 WOULD_RECORD FIRST_SEEN',
    ]);
    expect(await achieved()).toEqual([]);
    expect(await today()).toEqual(['d1 | 1 | NOT_YET_RECORDED', 'd1 | 5 | NOT_YET_RECORDED']);
    expect(await query('select subject from ops.check_cabinet_achievements_recorded order by 1')).toEqual([
      'driver:d1/M1',
      'driver:d1/M5',
    ]);
    expect((await record()).report).toMatchObject({ recorded: 2 });
    expect((await record()).report).toMatchObject({ recorded: 0, same: 2, would_differ: 0 });
  });

  test('as of a date it records what was reached by then, and shows no more', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 1, 3: 4 } }]);
    expect((await record({ asOf: '2026-01-07' })).report).toMatchObject({ recorded: 1 });
    expect((await record({ asOf: '2026-01-08' })).report).toMatchObject({ recorded: 1, same: 1 });
    expect((await achieved('2026-01-07')).length).toBe(1);
    expect((await record({ asOf: '2026-01-06' })).report).toMatchObject({
      recorded: 0,
      same: 1,
      would_differ: 0,
    });
  });

  describe('the past is explained, not corrected', () => {
    let before: string[];
    beforeEach(async () => {
      await recorded({ id: 1, date: '2026-01-05', trips: { 0: 2, 3: 4 } });
      before = await achieved();
      expect(before).toHaveLength(2);
    });
    const script = (text: string) => database.admin.script(text);

    test('late trips', async () => {
      await script(
        `insert into canon.driver_day_trips (driver_id, trip_date, trips) values ('d1', '2026-01-06', 3)`,
      );
      await stands(before, ['d1/M5 DIFFERS']);
      expect(
        await query(`select achieved_date, achieved_date_today, achieved_trips_in_window, achieved_trips_today
                          from ops.v_cabinet_achievements_today where milestone_value = 5`),
      ).toEqual(['2026-01-08 | 2026-01-06 | 6 | 5']);
    });

    test('trips that were taken back', async () => {
      await script('update canon.driver_day_trips set trips = 0');
      await stands(before, ['d1/M1 NOT_ACHIEVED_TODAY', 'd1/M5 NOT_ACHIEVED_TODAY']);
    });

    test('a new price: the closed version is what it was reached under', async () => {
      await script(`
        update ops.partner_payment_rules set valid_to = '2026-01-09', is_active = false where milestone_trips = 5;
        insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from) values ('cabinet', 14, 5, 50, '2026-01-10')`);
      await stands(before, []);
      await recorded({ id: 2, date: '2026-01-10', trips: { 0: 5 } });
      expect(
        await query(
          `select driver_id, expected_amount from ops.v_cabinet_milestones_achieved where milestone_value = 5 order by 1`,
        ),
      ).toEqual(['d1 | 35.00', 'd2 | 50.00']);
    });

    test('a version that is withdrawn', async () => {
      await script('update ops.partner_payment_rules set is_active = false where milestone_trips = 5');
      await stands(before, ['d1/M5 NOT_ACHIEVED_TODAY']);
    });

    test('an event before the lead', async () => {
      await script(`insert into observational.lead_events (source_table, source_pk, event_date, person_key)
                    select 'module_ct_scouting_daily', '9', '2026-01-03', person_key from observational.lead_events`);
      await stands(before, ['d1/M1 DIFFERS', 'd1/M5 DIFFERS']);
    });

    test('a driver who turns out to be another person, and one who goes into quarantine', async () => {
      await recorded({ id: 2, date: '2026-01-05', trips: { 0: 1 } });
      await givenPerson(database.admin, 3);
      await givenLink(database.admin, 3, 'module_ct_cabinet_leads', '3');
      await script(`
        update canon.identity_links set person_key = '00000000-0000-4000-8000-000000000003' where source_table = 'drivers' and source_pk = 'd1';
        insert into canon.driver_orphan_quarantine (driver_id, detected_reason) values ('d2', 'manual_detection')`);
      before = await achieved();
      await stands(before, [
        'd1/M1 NOT_ACHIEVED_TODAY',
        'd1/M5 NOT_ACHIEVED_TODAY',
        'd2/M1 NOT_ACHIEVED_TODAY',
      ]);
    });

    const table = 'canon.milestone_achievements';
    test.each([
      `update ${table} set achieved_date = achieved_date - 1`,
      `update ${table} set rule_valid_to = '2026-12-31'`,
      `delete from ${table}`,
      `truncate ${table}`,
      `truncate ops.partner_payment_rules cascade`,
    ])('%s is refused to everybody', async (statement) => {
      for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const) {
        const attempt = database.connect(role).script(`begin read write; ${statement}; commit`);
        await expect(attempt, role).rejects.toThrow('permission denied');
      }
      await expect(script(statement)).rejects.toThrow('append-only');
      await expect(script(`set role cuadre_owner; ${statement}`)).rejects.toThrow('append-only');
      expect(await achieved()).toEqual(before);
    });

    test('the version that it was recorded under keeps its amount and stays', async () => {
      await expect(
        script('update ops.partner_payment_rules set amount = 40 where milestone_trips = 5'),
      ).rejects.toThrow('achievement_amount_is_the_rules');
      await expect(script('delete from ops.partner_payment_rules where milestone_trips = 5')).rejects.toThrow(
        'achievement_amount_is_the_rules',
      );
    });

    /** M25 of d1, as a job would add it by hand. */
    const adding = (trips: number, day: string, amount: string, seen = asOf) => `
      insert into ${table} (driver_id, milestone_value, person_key, lead_date, achieved_date, achieved_trips_in_window, rule_id, window_days,
                            expected_amount, currency, rule_valid_from, trip_days, seen_as_of, job_run_id)
      select 'd1', 25, gen_random_uuid(), '2026-01-05', '${day}', ${trips}, id, 14, ${amount}, 'PEN', valid_from, '[]', '${seen}', gen_random_uuid()
      from ops.partner_payment_rules where milestone_trips = 25`;

    test.each([
      ['without the trips', adding(24, '2026-01-08', 'amount'), 'achievement_has_the_trips'],
      ['outside the window', adding(25, '2026-01-19', 'amount'), 'achievement_is_inside_the_window'],
      ['of another price', adding(25, '2026-01-08', '99'), 'achievement_amount_is_the_rules'],
      [
        'before it happened',
        adding(25, '2026-01-08', 'amount', '2026-01-07'),
        'achievement_was_seen_after_it_happened',
      ],
    ])('a job cannot add one %s', async (_what, statement, constraint) => {
      await expect(database.connect('cuadre_jobs').script(statement)).rejects.toThrow(constraint);
    });

    test('nor one a second time; and one whose days do not carry it shows in a check', async () => {
      const jobs = database.connect('cuadre_jobs');
      await jobs.script(adding(25, '2026-01-08', 'amount'));
      await expect(jobs.script(adding(26, '2026-01-09', 'amount'))).rejects.toThrow(
        'milestone_achievements_driver_id_milestone_value_key',
      );
      expect(await query('select subject from ops.check_cabinet_achievement_evidence')).toEqual([
        'driver:d1/M25',
      ]);
    });

    test.each(['cuadre_reader', 'cuadre_operator'] as const)('%s cannot add at all', async (role) => {
      const attempt = database
        .connect(role)
        .script(`begin read write; ${adding(25, '2026-01-08', 'amount')}; commit`);
      await expect(attempt).rejects.toThrow('permission denied');
    });
  });
});
