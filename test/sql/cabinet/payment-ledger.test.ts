import { beforeEach, describe, expect, test } from 'vitest';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { givenLink, givenPerson } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { type GivenPayment, givenDrivers, payerSays } from '../../support/payments.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-13';

describe.each(versions)('the payment ledger on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(() => database.admin.script(emptied));

  const query = (text: string, date?: string) => ask(database.admin, text, date);
  async function ingested(...payments: readonly GivenPayment[]): Promise<Ran> {
    await payerSays(database.admin, ...payments);
    return runJob(database, paymentsIngest, { asOf });
  }
  /** `row/milestone revision`, and the columns asked for. */
  const states = (columns: string) =>
    query(`select source_pk || '/M' || milestone_value || ' ' || revision, ${columns}
           from ops.yango_payment_status_ledger order by source_pk, milestone_value, revision`);
  const outcomes = (ran: Ran) =>
    ran.decisions.map(({ subject, decision, reason, detail }) =>
      [subject, decision, reason, detail].join(' '),
    );

  test('a payment is a flag of a row: NULL is none, false is one that is not paid', async () => {
    const ran = await ingested(
      { id: 9, paid: { 1: true, 5: false } },
      { id: 10, paid: {} },
      { id: 11, name: '  ', paid: { 1: true } },
      { id: 12, name: null, paid: { 25: true } },
      { id: 13, name: null, driver: 'd13', paid: { 25: true } },
    );
    expect(await states('is_paid, paid_flag_source, raw_driver_name')).toEqual([
      '13/M25 1 | true | trip_25 | ',
      '9/M1 1 | true | trip_1 | Name 9',
      '9/M5 1 | false | trip_5 | Name 9',
    ]);
    expect(ran.report).toMatchObject({ source_rows: 5, rows_without_name: 2, payments: 3, recorded: 3 });
    expect(outcomes(ran)).toEqual([
      'payment:9/M1 RECORDED NEW_PAYMENT none',
      'payment:9/M5 RECORDED NEW_PAYMENT none',
      'payment:13/M25 RECORDED NEW_PAYMENT driver_id_direct',
    ]);
  });

  test('a flag that goes and comes back is three states, and the last one counts', async () => {
    for (const paid of [true, false, true]) await ingested({ id: 1, driver: 'd1', paid: { 1: paid } });
    expect(await states('is_paid')).toEqual(['1/M1 1 | true', '1/M1 2 | false', '1/M1 3 | true']);
    expect(await query('select is_paid, revision from ops.v_yango_payments_ledger_latest')).toEqual([
      'true | 3',
    ]);
    const ran = await ingested({ id: 1, driver: 'd1', paid: { 1: false } });
    expect(outcomes(ran)).toEqual(['payment:1/M1 RECORDED PAID_FLAG_CHANGED driver_id_direct']);
    expect(await query('select count(*) from ops.v_cabinet_milestones_paid')).toEqual(['0']);
  });

  test('a corrected name is another state of the same payment; the old one stays', async () => {
    await givenDrivers(database.admin, { d1: 'Ana Quispe Rojas', d2: 'Ana Quispe Roca' });
    await ingested({ id: 1, name: 'QUISPE ROJAS ANA' });
    const ran = await ingested({ id: 1, name: 'Quispe Roca, Ana' });
    expect(outcomes(ran)).toEqual(['payment:1/M1 RECORDED NAME_CHANGED driver_name_unique']);
    expect(await states('raw_driver_name, driver_id')).toEqual([
      '1/M1 1 | QUISPE ROJAS ANA | d1',
      '1/M1 2 | Quispe Roca, Ana | d2',
    ]);
    expect(await query('select count(distinct payment_key) from ops.yango_payment_status_ledger')).toEqual([
      '1',
    ]);
    expect(await query('select driver_id from ops.v_cabinet_milestones_paid')).toEqual(['d2']);
    await ingested({ id: 1, name: 'QUISPE ROCA ANA' });
    expect(await query('select revision, driver_id from ops.v_yango_payments_ledger_latest')).toEqual([
      '3 | d2',
    ]);
  });

  test('row 1 with M25 and row 12 with M5 are two payments', async () => {
    await ingested({ id: 1, name: 'x', paid: { 25: true } }, { id: 12, name: 'x', paid: { 5: true } });
    expect(await query('select count(distinct payment_key) from ops.yango_payment_status_ledger')).toEqual([
      '2',
    ]);
  });

  test('a changed date is a state of its own', async () => {
    await ingested({ id: 1, date: null });
    const ran = await ingested({ id: 1, date: '2026-01-07' });
    expect(outcomes(ran)).toEqual(['payment:1/M1 RECORDED PAY_DATE_CHANGED none']);
    expect(await states('pay_date')).toEqual(['1/M1 1 | -', '1/M1 2 | 2026-01-07']);
  });

  test('what is unchanged is not recorded again, and a row that left stays as it was', async () => {
    await ingested({ id: 1, driver: 'd1' }, { id: 2, driver: 'd2', paid: { 1: true, 5: true } });
    await payerSays(database.admin, { id: 2, driver: 'd2', paid: { 1: true } });
    await database.admin.sql`delete from public.module_ct_cabinet_payments where id = 1`;
    const ran = await runJob(database, paymentsIngest, { asOf });
    expect(ran.report).toMatchObject({ payments: 1, unchanged: 1, recorded: 0 });
    expect(
      await query('select driver_id, milestone_value from ops.v_cabinet_milestones_paid order by 1, 2'),
    ).toEqual(['d1 | 1', 'd2 | 1', 'd2 | 5']);
    expect(await query('select subject from ops.check_cabinet_payments_gone order by 1')).toEqual([
      'payment:1/M1',
      'payment:2/M5',
    ]);
  });

  test('dry: says what it would record and records nothing', async () => {
    await payerSays(database.admin, { id: 1, driver: 'd1' }, { id: 2 });
    const dry = await runJob(database, paymentsIngest, { asOf, dryRun: true });
    expect(dry.report).toMatchObject({ recorded: 0, would_record: 2, by_reason: { NEW_PAYMENT: 2 } });
    expect(outcomes(dry)).toEqual([
      'payment:1/M1 WOULD_RECORD NEW_PAYMENT driver_id_direct',
      'payment:2/M1 WOULD_RECORD NEW_PAYMENT none',
    ]);
    expect(await states('1')).toEqual([]);
    expect((await runJob(database, paymentsIngest, { asOf })).report).toMatchObject({ recorded: 2 });
  });

  test('as of a date it does not see payments dated after it, but those without a date', async () => {
    await payerSays(
      database.admin,
      { id: 1, date: '2026-01-05' },
      { id: 2, date: '2026-01-06' },
      { id: 3, date: null },
    );
    const early = await runJob(database, paymentsIngest, { asOf: '2026-01-05' });
    expect(early.report).toMatchObject({ source_rows: 2, payments: 2, recorded: 2 });
    await runJob(database, paymentsIngest, { asOf });
    const seen = (date?: string) =>
      query('select source_pk from ops.v_yango_payments_ledger_latest order by 1', date);
    expect([await seen('2026-01-05'), await seen()]).toEqual([
      ['1', '3'],
      ['1', '2', '3'],
    ]);
  });

  test('a state recorded for a later date is not recorded again for an earlier one', async () => {
    await ingested({ id: 1, date: '2026-01-10' });
    await payerSays(database.admin, { id: 1, date: '2026-01-04' });
    const early = await runJob(database, paymentsIngest, { asOf: '2026-01-05' });
    expect(early.status).toBe('succeeded');
    expect(await states('pay_date')).toEqual(['1/M1 1 | 2026-01-10', '1/M1 2 | 2026-01-04']);
  });

  test('two ingestions at once, as of two dates, record each state once and count it once', async () => {
    await payerSays(
      database.admin,
      ...Array.from({ length: 40 }, (_, index) => ({ id: index + 1, driver: `d${index}` })),
    );
    const both = await Promise.all(
      ['2026-01-12', '2026-01-13'].map((date) => runJob(database, paymentsIngest, { asOf: date })),
    );
    expect(both.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(both.flatMap(({ decisions }) => decisions)).toHaveLength(40);
    expect(await query('select count(*), max(revision) from ops.yango_payment_status_ledger')).toEqual([
      '40 | 1',
    ]);
  });

  describe('whose payment it is', () => {
    const identities = () =>
      query(`select source_pk, driver_id_final, driver_id_original, driver_id_enriched, identity_status, match_rule, match_confidence
             from ops.v_yango_payments_ledger_latest_enriched order by source_pk`);

    test('the payer’s own id, else the only driver of that name, else nobody’s', async () => {
      await givenDrivers(database.admin, {
        d1: 'Ana Quispe',
        d2: 'Luz Rojas',
        d3: 'ROJAS, luz',
        d4: 'Núñez Peña José',
        d5: null,
      });
      await database.admin
        .sql`update public.drivers set first_name = 'Rosa', last_name = 'Díaz' where driver_id = 'd5'`;
      await ingested(
        { id: 1, name: 'Ana Quispe', driver: 'd9' },
        { id: 2, name: 'QUISPE ANA' },
        { id: 3, name: 'Luz Rojas' },
        { id: 4, name: 'jose nunez pena' },
        { id: 5, name: 'Ana' },
        { id: 6, name: 'diaz rosa' },
        { id: 7, name: 'Quispe', driver: '' },
      );
      expect(await identities()).toEqual([
        '1 | d9 | d9 | - | confirmed | source_upstream | high',
        '2 | d1 | - | d1 | enriched | name_unique | medium',
        '3 | - | - | - | ambiguous | ambiguous | low',
        '4 | d4 | - | d4 | enriched | name_unique | medium',
        '5 | - | - | - | ambiguous | ambiguous | low',
        '6 | d5 | - | d5 | enriched | name_unique | medium',
        '7 | - | - | - | ambiguous | ambiguous | low',
      ]);
    });

    test('a driver found by name is never confirmed, however often the ingestion runs', async () => {
      await givenDrivers(database.admin, { d1: 'Ana Quispe' });
      await ingested({ id: 1, name: 'Ana Quispe' });
      await ingested();
      await ingested({ id: 1, name: 'ANA QUISPE' });
      expect(await identities()).toEqual(['1 | d1 | - | d1 | enriched | name_unique | medium']);
    });

    test('a namesake hired later changes nothing for the payment, and shows in a check', async () => {
      await givenDrivers(database.admin, { d1: 'Ana Quispe' });
      await ingested({ id: 1, name: 'Ana Quispe' });
      await givenDrivers(database.admin, { d2: 'Quispe Ana' });
      await ingested({ id: 2, name: 'Ana Quispe' });
      expect(await identities()).toEqual([
        '1 | d1 | - | d1 | enriched | name_unique | medium',
        '2 | - | - | - | ambiguous | ambiguous | low',
      ]);
      expect(await query('select subject from ops.check_cabinet_payment_names_shared')).toEqual([
        'payment:1/M1',
      ]);
    });

    test('a driver who appears later is found then, as a state of its own', async () => {
      await ingested({ id: 1, name: 'Ana Quispe' });
      await givenDrivers(database.admin, { d1: 'Quispe Ana' });
      expect(await query('select subject from ops.check_cabinet_payments_recorded')).toEqual([
        'payment:1/M1',
      ]);
      const ran = await ingested();
      expect(outcomes(ran)).toEqual(['payment:1/M1 RECORDED IDENTITY_CHANGED driver_name_unique']);
      expect(await states('driver_id, match_rule, match_confidence')).toEqual([
        '1/M1 1 | - | none | unknown',
        '1/M1 2 | d1 | driver_name_unique | medium',
      ]);
    });

    test('once the payer names the driver itself, its word counts; when it takes it back, the name counts and the word is kept', async () => {
      await givenDrivers(database.admin, { d1: 'Ana Quispe' });
      await ingested({ id: 1, name: 'Ana Quispe' });
      await ingested({ id: 1, name: 'Ana Quispe', driver: 'd2' });
      expect(await identities()).toEqual(['1 | d2 | d2 | - | confirmed | source_upstream | high']);
      await ingested({ id: 1, name: 'Ana Quispe' });
      expect(await identities()).toEqual(['1 | d1 | d2 | d1 | enriched | name_unique | medium']);
      expect(await states('match_rule')).toEqual([
        '1/M1 1 | driver_name_unique',
        '1/M1 2 | driver_id_direct',
        '1/M1 3 | driver_name_unique',
      ]);
    });

    test('the person is the payer’s, else the one linked to the driver today', async () => {
      await givenPerson(database.admin, 1);
      await givenPerson(database.admin, 2);
      await givenLink(database.admin, 1, 'drivers', 'd1');
      await ingested({ id: 1, driver: 'd1', person: 2 }, { id: 2, driver: 'd1' }, { id: 3, driver: 'd3' });
      const persons = () =>
        query(`select source_pk, right(person_key_final::text, 1), right(person_key_original::text, 1)
               from ops.v_yango_payments_ledger_latest_enriched order by 1`);
      expect(await persons()).toEqual(['1 | 2 | 2', '2 | 1 | -', '3 | - | -']);
      await givenLink(database.admin, 2, 'drivers', 'd3');
      expect((await ingested()).report).toMatchObject({ recorded: 0 });
      expect(await persons()).toEqual(['1 | 2 | 2', '2 | 1 | -', '3 | 2 | -']);
    });
  });

  describe('what was seen stays', () => {
    beforeEach(async () => {
      await givenDrivers(database.admin, { d1: 'Ana Quispe' });
      await ingested({ id: 1, name: 'Ana Quispe' }, { id: 2, driver: 'd2' });
    });
    const table = 'ops.yango_payment_status_ledger';

    test.each([
      `update ${table} set is_paid = false`,
      `update ${table} set match_rule = 'driver_id_direct', match_confidence = 'high'`,
      `update ${table} set snapshot_at = now()`,
      `delete from ${table}`,
      `truncate ${table}`,
    ])('%s is refused to everybody', async (statement) => {
      const before = await states('is_paid, match_rule, snapshot_at');
      for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const) {
        const attempt = database.connect(role).script(`begin read write; ${statement}; commit`);
        await expect(attempt, role).rejects.toThrow('permission denied');
      }
      await expect(database.admin.script(statement)).rejects.toThrow('append-only');
      await expect(database.admin.script(`set role cuadre_owner; ${statement}`)).rejects.toThrow(
        'append-only',
      );
      expect(await states('is_paid, match_rule, snapshot_at')).toEqual(before);
    });

    /** A state that a job adds by hand, after the last one of payment 1. */
    const adding = (values: string) => `
      insert into ${table} (source_pk, milestone_value, raw_driver_name, driver_name_normalized, is_paid, job_run_id,
                            driver_id, match_rule, match_confidence, revision, state_hash)
      values ('1', 1, 'Ana Quispe', 'ana quispe', true, gen_random_uuid(), ${values})`;

    test.each([
      [
        'a name match as the payer’s word',
        `'d1', 'driver_id_direct', 'high', 2, 'x'`,
        'its row does not name that driver',
      ],
      [
        'a name match of high confidence',
        `'d1', 'driver_name_unique', 'high', 2, 'x'`,
        'payment_confidence_is_the_rules',
      ],
      ['a driver that nothing found', `'d1', 'none', 'unknown', 2, 'x'`, 'payment_driver_has_its_rule'],
      [
        'a state that leaves one out',
        `'d1', 'driver_name_unique', 'medium', 3, 'x'`,
        'the revision before it is not there',
      ],
      [
        'a first state for a second time',
        `'d1', 'driver_name_unique', 'medium', 1, 'x'`,
        'payment_key_revision',
      ],
      [
        'a state that is no news',
        `'d1', 'driver_name_unique', 'medium', 2, (select state_hash from ${table} where source_pk = '1')`,
        'nothing changed',
      ],
    ])('a job cannot add %s', async (_what, values, refusal) => {
      await expect(database.connect('cuadre_jobs').script(adding(values))).rejects.toThrow(refusal);
    });

    test.each(['cuadre_reader', 'cuadre_operator'] as const)(
      '%s cannot add at all, nor see names in it',
      async (role) => {
        const other = database.connect(role);
        await expect(other.script(adding(`'d1', 'driver_name_unique', 'medium', 2, 'x'`))).rejects.toThrow(
          /permission denied|read-only/,
        );
        await expect(other.script(`select raw_driver_name from ${table}`)).rejects.toThrow(
          'permission denied',
        );
        await expect(
          other.script('select raw_driver_name from ops.v_cabinet_milestones_paid'),
        ).rejects.toThrow('permission denied');
      },
    );
  });
});
