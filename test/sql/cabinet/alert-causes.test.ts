import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { givenRules } from '../../support/cabinet.ts';
import { ownDatabase, type TestDatabase, versions } from '../../support/database.ts';
import { FakeNotifier } from '../../support/notifier.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const asOf = '2026-01-20';

/** How many payments of each cause. */
interface Payments {
  readonly overpaid?: number;
  readonly insufficient?: number;
  readonly window?: number;
  readonly identity?: number;
}

/** Each of a driver of its own and without an achievement; the causes follow from trips, dates and persons. */
async function pay(database: TestDatabase, payments: Payments): Promise<void> {
  const { overpaid = 0, insufficient = 0, window = 0, identity = 0 } = payments;
  const causes = { overpaid, insufficient, window, identity };
  const rows = Object.entries(causes).flatMap(([cause, count]) => Array.from({ length: count }, () => cause));
  await givenRules(database.admin);
  await database.admin.script(`
    create table public.given as
      select n, 'd' || n as driver, lpad(to_hex(n), 32, '0')::uuid as person, cause
      from unnest(array[${rows.map((cause) => `'${cause}'`).join(', ')}]::text[]) with ordinality as g (cause, n);
    insert into canon.identity_registry (person_key) select person from public.given;
    insert into canon.identity_links (person_key, source_table, source_pk, linked_at)
      select person, 'drivers', driver, timestamptz '2026-01-02' from public.given
      union all select person, 'drivers', driver || '-first', '2026-01-01' from public.given where cause = 'identity';
    insert into canon.driver_day_trips (driver_id, trip_date, trips)
      select driver, date '2026-01-08', 9 from public.given where cause in ('overpaid', 'window');
    insert into public.module_ct_cabinet_payments (id, date, driver, driver_id, person_key, trip_5)
      select n, case cause when 'window' then date '2025-10-01' else '2026-01-10' end, 'name ' || n, driver, person, true from public.given;
    insert into canon.milestone_achievements (driver_id, milestone_value, person_key, lead_date, achieved_date, achieved_trips_in_window, rule_id,
        window_days, expected_amount, currency, rule_valid_from, trip_days, seen_as_of, job_run_id)
      select driver || '-first', 5, person, '2026-01-05', '2026-01-08', 5, r.id, 14, r.amount, r.currency, r.valid_from, '[]', '2026-01-08', gen_random_uuid()
      from public.given join ops.partner_payment_rules r on r.milestone_trips = 5 where cause = 'identity'`);
  await runJob(database, paymentsIngest, { asOf });
}

describe.each(versions)('causes of payments without achievement on PostgreSQL %i', (version) => {
  const raised = async (payments: Payments) => {
    const database = await ownDatabase({ version });
    await pay(database, payments);
    const { decisions } = await runJob(database, alertEvaluation, { asOf });
    const causes = await ask(
      database.admin,
      'select classification_cause, total_cases from ops.cabinet_paid_causes(null, null) where total_cases > 0 order by 1',
      asOf,
    );
    const alerts = decisions
      .filter(({ subject, decision }) => subject.startsWith('CAUSE_') && decision === 'TRIGGERED')
      .map(
        ({ subject, detail, evidence }) =>
          `${subject} ${detail} ${z.looseObject({ current: z.string() }).parse(evidence).current}`,
      );
    return { database, causes, alerts };
  };

  test.each<[Payments, string[]]>([
    [{ overpaid: 7, insufficient: 3 }, []],
    [{ overpaid: 693, insufficient: 307 }, ['CAUSE_INSUFFICIENT_TRIPS warning 30.70']],
    [{ overpaid: 199, identity: 1 }, []],
    [{ overpaid: 99, identity: 1 }, ['CAUSE_IDENTITY_MISMATCH warning 1.00']],
    [{ overpaid: 199, window: 1 }, []],
    [{ overpaid: 99, window: 1 }, ['CAUSE_WINDOW_MISMATCH warning 1.00']],
  ])('%o: %o', async (payments, alerts) => {
    const found = await raised(payments);
    expect(found.causes).toHaveLength(Object.keys(payments).length);
    expect(found.alerts).toEqual(alerts);
  });

  test('payments above what was expected raise nothing and are told to nobody, whatever their share', async () => {
    const { database, causes } = await raised({ overpaid: 500 });
    expect(causes).toEqual(['UPSTREAM_OVERPAYMENT | 500']);
    const others = await ownDatabase({ version });
    await pay(others, { overpaid: 1 });
    await runJob(others, alertEvaluation, { asOf });
    const open = (each: TestDatabase) =>
      ask(each.admin, "select type from ops.alerts where status = 'open' order by type");
    // The same as with one such payment in place of 500.
    expect(await open(database)).toEqual(await open(others));
    const sns = new FakeNotifier();
    await runJob(
      database,
      alertPublicationJob(() => sns),
      { asOf },
    );
    expect(sns.taken.length).toBeGreaterThan(0);
    for (const message of sns.taken) expect(JSON.stringify(message)).not.toMatch(/overpa|upstream|sobrepag/i);
  });

  test('no rule and no alert of it can be made, not even by the owner', async () => {
    const { admin } = await ownDatabase({ version });
    const rule = (type: string, metric: string) =>
      admin.script(`
        insert into ops.alert_rules (type, version, metric, measure, comparison, threshold, severity, valid_from, cause, action)
        values ('${type}', 1, '${metric}', 'value', 'above', 0, 'info', '-infinity', '', '')`);
    await expect(rule('UPSTREAM_OVERPAYMENT', 'x')).rejects.toThrow('alert_rules_none_of_overpayment');
    await expect(rule('HARMLESS', 'paid_cause_upstream_overpayment_pct')).rejects.toThrow(
      'alert_rules_none_of_overpayment',
    );
    await rule('HARMLESS', 'harmless');
    await expect(
      admin.script(`
        insert into ops.alerts (type, subject, severity, alert_rule_id, threshold, message, details, opened_as_of, last_as_of, job_run_id)
        select 'CAUSE', 'UPSTREAM_OVERPAYMENT', 'info', alert_rule_id, 0, '', '{}', '2026-01-01', '2026-01-01', gen_random_uuid()
        from ops.alert_rules where type = 'HARMLESS'`),
    ).rejects.toThrow('alerts_none_of_overpayment');
  });
});
