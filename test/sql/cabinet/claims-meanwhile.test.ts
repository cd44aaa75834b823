import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import type { Database } from '../../../functions/core/database.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

/** Asks until a session of the jobs waits for another's transaction. */
async function jobWaits(admin: Database): Promise<void> {
  for (;;) {
    const [row] = await admin.sql(z.strictObject({ waiting: z.int() }))`
      select count(*)::integer as waiting from pg_stat_activity
      where usename = 'cuadre_jobs' and datname = current_database() and wait_event_type = 'Lock'`;
    if (row?.waiting === 1) return;
  }
}

describe.each(versions)('the claims job on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', trips: { 0: 5 } }]);
  });

  test.each(['generated', 'rejected'])(
    'leaves a claim that somebody makes %s while it works as it is, and says that it exists',
    async (status) => {
      const somebody = database.connect('postgres');
      let running: Promise<Ran> | undefined;
      await somebody.transaction(async (sql) => {
        await sql`
          insert into canon.claims_yango_cabinet_14d (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status)
          select person_key::uuid, driver_id, lead_source_pk, lead_date, 1, 20.00, ${status}::canon.claimstatus
          from ops.v_cabinet_claims_gap_14d where milestone_value = 1`;
        running = runJob(database, claimsReconcile, { asOf: '2026-01-13' });
        await jobWaits(database.admin);
      });
      const ran = await running;
      expect(ran?.decisions.map(({ subject, decision, reason }) => [subject, decision, reason])).toEqual([
        ['lead:1/M1', 'SKIPPED', 'CLAIM_ALREADY_EXISTS'],
        ['lead:1/M5', 'INSERTED', null],
      ]);
      expect(ran?.report).toMatchObject({ gaps_found: 2, claims_inserted: 1, claims_already_exist: 1 });
      const claims =
        'select milestone, amount_expected, status from canon.claims_yango_cabinet_14d order by 1';
      expect(await ask(database.admin, claims)).toEqual([`1 | 20.00 | ${status}`, '5 | 35.00 | generated']);
    },
  );
});
