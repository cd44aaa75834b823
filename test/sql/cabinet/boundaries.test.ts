import { beforeEach, describe, expect, test } from 'vitest';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { givenDrivers, told } from '../../support/identity.ts';
import { runJob } from '../../support/run-job.ts';
import { emptiedCollections, givenPayments } from './collections-given.ts';
import { ask } from './relation.ts';

/** The edges that no other file has; docs/cabinet-decisions.md lists where each of them all is. */
describe.each(versions)('at the edges, PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptiedCollections);
    await givenRules(database.admin);
  });

  test('a claim is generated on the day that its milestone is reached, while the window is open, and not the day before', async () => {
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 4, 3: 1 } }]);
    const claimed = async (asOf: string) => {
      const { report } = await runJob(database, claimsReconcile, { asOf });
      return report?.['claims_inserted'];
    };
    expect([await claimed('2026-01-04'), await claimed('2026-01-05')]).toEqual([0, 1]);
    expect([await claimed('2026-01-07'), await claimed('2026-01-08')]).toEqual([0, 1]);
    expect(await claimed('2026-01-19')).toBe(0);
  });

  test('a week belongs to the year of its Thursday: 2025-12-29 opens 2026-01', async () => {
    await givenLeads(
      database.admin,
      ['2025-12-28', '2025-12-29', '2026-01-04', '2026-01-05', '2027-01-03'].map((date, index) => ({
        id: index + 1,
        date,
      })),
    );
    expect(
      await ask(
        database.admin,
        'select lead_date, iso_week, week_start from ops.v_cabinet_financial_14d order by 1',
      ),
    ).toEqual([
      '2025-12-28 | 2025-52 | 2025-12-22',
      '2025-12-29 | 2026-01 | 2025-12-29',
      '2026-01-04 | 2026-01 | 2025-12-29',
      '2026-01-05 | 2026-02 | 2026-01-05',
      '2027-01-03 | 2026-53 | 2026-12-28',
    ]);
  });

  test('a name of one word is that word: of a payment it finds its driver, of a lead it is like itself and no longer name', async () => {
    await givenDrivers(database.admin, [
      { id: 'd1', name: 'Ñusta', plate: 'ABC-123' },
      { id: 'd2', name: 'Ñusta Rojas Díaz', plate: 'XYZ-999' },
    ]);
    await givenPayments(database, [{ id: 1, paid: [1], name: 'NUSTA' }]);
    expect(
      await ask(
        database.admin,
        'select driver_id_final, identity_status from ops.v_yango_payments_ledger_latest_enriched where is_paid',
      ),
    ).toEqual(['d1 | enriched']);
    const lead = { name: 'nusta' };
    expect(await told(database.admin, { ...lead, plate: 'ABC123' })).toEqual([
      'R3_PLATE_EXACT_NAME_SIMILAR: MATCHED d1',
    ]);
    expect(await told(database.admin, { ...lead, plate: 'XYZ999' })).toEqual([
      'R3_PLATE_EXACT_NAME_SIMILAR: WEAK_MATCH_ONLY',
    ]);
  });
});
