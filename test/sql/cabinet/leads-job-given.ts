import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  type GivenDriver,
  type GivenFileLead,
  givenDrivers,
  givenFileLeads,
} from '../../support/identity.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

export const asOf = '2026-01-13';
export const phone = '987654321';

/** `lead:1: MATCHED R1_PHONE_EXACT`, in the order in which the leads were taken. */
export function told(ran: Ran): string[] {
  return ran.decisions.map(({ subject, decision, reason, detail }) =>
    [`${subject}:`, decision, decision === 'UNMATCHED' ? reason : (detail ?? reason)].join(' '),
  );
}

/** The leads job on a database, and what its tests look at afterwards. */
export function leadsJobOn(database: TestDatabase) {
  async function run(
    leads: readonly GivenFileLead[],
    drivers: readonly GivenDriver[],
    request: object = {},
  ): Promise<Ran> {
    await givenFileLeads(database.admin, leads);
    await givenDrivers(database.admin, drivers);
    return again(request);
  }
  const again = (request: object = {}) =>
    runJob(database, leadsReconcile, { asOf, repairEvents: false, ...request });
  const links = () =>
    ask(
      database.admin,
      `select source_table, source_pk, case when person_key = canon.person_key_of_driver('d1') then 'person of d1'
                when person_key = canon.person_key_of_driver('d2') then 'person of d2' else right(person_key::text, 2) end,
              match_rule, match_score, confidence_level
       from canon.identity_links order by source_table, source_pk`,
    );
  const unmatched = () =>
    ask(
      database.admin,
      `select source_pk, reason_code, status, resolved_at is not null as resolved, reopened_at is not null as reopened
       from canon.identity_unmatched order by source_pk`,
    );
  /** Everything that a run may change, but for the ledger; times apart. */
  const state = () =>
    ask(
      database.admin,
      `select 'link' as what, md5(string_agg((to_jsonb(l) - 'linked_at')::text, ',' order by id)) from canon.identity_links l
       union all select 'person', md5(string_agg(to_jsonb(r)::text, ',' order by person_key)) from canon.identity_registry r
       union all select 'unmatched', md5(string_agg(to_jsonb(u)::text, ',' order by id)) from canon.identity_unmatched u
       union all select 'event', md5(string_agg(to_jsonb(e)::text, ',' order by id)) from observational.lead_events e
       union all select 'driver', md5(string_agg(to_jsonb(d)::text, ',' order by driver_id)) from canon.drivers_index d`,
    );

  return { run, again, links, unmatched, state };
}
