import * as z from 'zod';
import { type Database, json } from '../../functions/core/database.ts';

/** The park that the data sets and the migration agree on. */
export const targetPark = 'ea31b731f45d8de31ce61fb924000550';

/** A driver of the fleet as a test would tell it; what is left out is empty, the park is the target. */
export interface GivenDriver {
  readonly id: string;
  readonly park?: string | null;
  readonly name?: string;
  readonly phone?: string;
  readonly plate?: string;
  readonly license?: string;
  readonly brand?: string;
  readonly model?: string;
  readonly hired?: string;
}

export async function givenDrivers(admin: Database, drivers: readonly GivenDriver[]): Promise<void> {
  const rows = drivers.map(({ park = targetPark, ...driver }) => ({ park, ...driver }));
  await admin.sql`
    insert into public.drivers (driver_id, park_id, full_name, phone, car_number, license_number, car_brand, car_model, hire_date)
    select id, park, name, phone, plate, license, brand, model, hired
    from jsonb_to_recordset(${json(rows)}) d (id text, park text, name text, phone text, plate text, license text, brand text, model text, hired date)`;
}

/** A row of any source, as it came: what canon.v_cabinet_lead_keys has, before it is normalised. */
export interface GivenKey {
  readonly date?: string;
  readonly name?: string;
  readonly phone?: string;
  readonly plate?: string;
  readonly license?: string;
  readonly brand?: string;
  readonly model?: string;
}

const answer = z.strictObject({
  rule: z.string(),
  outcome: z.string(),
  driver_id: z.string().nullable(),
  score: z.int(),
  evidence: z.record(z.string(), z.json()),
});
export type Answer = z.infer<typeof answer>;

/** What every rule says to one key. */
export async function match(admin: Database, key: GivenKey): Promise<Answer[]> {
  await admin.sql`select canon.refresh_drivers_index()`;
  return admin.transaction(async (sql) => {
    await sql`
      create temporary table given_keys on commit drop as
      select 1 as lead_id, null::date as lead_date, null::text as phone, null::text as license, null::text as plate,
             null::tsvector as tokens, null::text as brand, null::text as model
      limit 0`;
    await sql`
      insert into given_keys values (
        1, ${key.date ?? '2026-01-05'}::date, canon.normalise_phone(${key.phone ?? null}::text), canon.normalise_license(${key.license ?? null}::text),
        canon.normalise_plate(${key.plate ?? null}::text), canon.name_tokens(canon.normalise_name(${key.name ?? null}::text)),
        canon.normalise_label(${key.brand ?? null}::text), canon.normalise_label(${key.model ?? null}::text))`;
    await sql`grant select on given_keys to cuadre_owner`;
    return sql(answer)`
      select m.rule, m.outcome, m.driver_id, m.score, m.evidence
      from canon.match_identities('given_keys', array[1], ${targetPark}) m
      order by m.rule`;
  });
}

/** `R1_PHONE_EXACT: MATCHED d1`. */
export async function told(admin: Database, key: GivenKey): Promise<string[]> {
  const answers = await match(admin, key);
  return answers.map(
    ({ rule, outcome, driver_id }) => `${rule}: ${[outcome, driver_id ?? []].flat().join(' ')}`,
  );
}

/** A lead of the cabinet's file, as it came. */
export interface GivenFileLead {
  readonly id: number;
  readonly date?: string;
  readonly name?: string;
  readonly phone?: string;
  readonly plate?: string;
}

export async function givenFileLeads(admin: Database, leads: readonly GivenFileLead[]): Promise<void> {
  await admin.sql`
    insert into public.module_ct_cabinet_leads (id, lead_created_at, first_name, park_phone, asset_plate_number)
    select id, coalesce(date, '2026-01-05')::timestamp, name, phone, plate
    from jsonb_to_recordset(${json(leads)}) l (id integer, date text, name text, phone text, plate text)`;
}
