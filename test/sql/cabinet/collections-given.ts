import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { personKey } from '../../support/cabinet.ts';
import type { TestDatabase } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { emptied } from './relation.ts';

/** Everything that a test of collections may have given. */
export const emptiedCollections = `${emptied};
  truncate public.module_ct_cabinet_payments, public.module_ct_migrations, public.module_ct_scouting_daily, public.module_ct_scouts_list`;

export interface GivenPayment {
  readonly id: number;
  /** Milestones that the notice says were paid. */
  readonly paid: readonly (1 | 5 | 25)[];
  readonly date?: string | null;
  readonly driver?: string | null;
  readonly person?: number;
  readonly name?: string;
  readonly scout?: number;
}

/** What the payer says, and the ledger's record of it, on a day after all that these tests speak of. */
export async function givenPayments(
  database: TestDatabase,
  payments: readonly GivenPayment[],
): Promise<void> {
  for (const { id, paid, date = '2026-01-20', driver = null, person, name = 'X Y', scout } of payments) {
    await database.admin.sql`
      insert into public.module_ct_cabinet_payments (id, date, driver, trip_1, trip_5, trip_25, driver_id, person_key, scout_id)
      values (${id}::bigint, ${date}::date, ${name}, ${paid.includes(1)}::boolean, ${paid.includes(5)}::boolean,
              ${paid.includes(25)}::boolean, ${driver}, ${person === undefined ? null : personKey(person)}::uuid, ${scout ?? null}::integer)`;
  }
  await runJob(database, paymentsIngest, { asOf: '2026-06-30' });
}
