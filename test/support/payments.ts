import type { Database } from '../../functions/core/database.ts';
import { personKey } from './cabinet.ts';

/** One row of the payer's table; what is left out is the ordinary case: no driver, no person, M1 paid. */
export interface GivenPayment {
  readonly id: number;
  /** (Default: 2026-01-05) null is a payment without a date. */
  readonly date?: string | null;
  /** (Default: `Name <id>`) */
  readonly name?: string | null;
  readonly driver?: string | null;
  readonly person?: number | null;
  /** Milestone -> flag. (Default: M1 paid) What is left out is NULL. */
  readonly paid?: { readonly 1?: boolean; readonly 5?: boolean; readonly 25?: boolean };
}

/** What the payer says from now on: the row is put, in place of the one that it said before under that id. */
export async function payerSays(admin: Database, ...payments: readonly GivenPayment[]): Promise<void> {
  for (const {
    id,
    date = '2026-01-05',
    name = `Name ${id}`,
    driver = null,
    person = null,
    paid = { 1: true },
  } of payments) {
    await admin.sql`
      insert into public.module_ct_cabinet_payments (id, date, driver, driver_id, person_key, trip_1, trip_5, trip_25)
      values (${id}::bigint, ${date}::date, ${name}, ${driver}, ${person === null ? null : personKey(person)}::uuid,
              ${paid[1] ?? null}::boolean, ${paid[5] ?? null}::boolean, ${paid[25] ?? null}::boolean)
      on conflict (id) do update set date = excluded.date, driver = excluded.driver, driver_id = excluded.driver_id,
        person_key = excluded.person_key, trip_1 = excluded.trip_1, trip_5 = excluded.trip_5, trip_25 = excluded.trip_25`;
  }
}

/** Drivers of the fleet by id, with their full names. */
export async function givenDrivers(
  admin: Database,
  names: Readonly<Record<string, string | null>>,
): Promise<void> {
  for (const [id, name] of Object.entries(names)) {
    await admin.sql`insert into public.drivers (driver_id, full_name) values (${id}, ${name})`;
  }
}
