import type { Database } from '../../functions/core/database.ts';

/** One lead with everything that hangs on it, as a test would tell it; what is left out is the ordinary case. */
export interface GivenLead {
  readonly id: number;
  /** `YYYY-MM-DD` or with a time. */
  readonly date: string;
  /** Persons are numbered; null is a lead without identity. (Default: the lead's id) */
  readonly person?: number | null;
  /** (Default: `d<person>`) null is a person without driver. */
  readonly driver?: string | null;
  /** Day offset from the lead's date -> trips. */
  readonly trips?: Readonly<Record<number, number>>;
  /** (Default: an event of the lead's date and person, origin cabinet) null is a lead without event. */
  readonly event?: {
    readonly person?: number | null;
    readonly origin?: string;
    readonly date?: string;
  } | null;
  readonly quarantined?: boolean;
}

export const personKey = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** The rules that the business has: partner, cabinet, 14 days, 1/5/25 trips at 25/35/100 soles, open since 2025-11-01. */
export async function givenRules(admin: Database): Promise<void> {
  await admin.sql`
    insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
    select 'cabinet', 14, milestone, standard_amount, '2025-11-01' from canon.cabinet_milestones`;
}

export async function givenLeads(admin: Database, leads: readonly GivenLead[]): Promise<void> {
  for (const lead of leads) await givenLead(admin, lead);
}

async function givenLead(admin: Database, lead: GivenLead): Promise<void> {
  const day = lead.date.slice(0, 10);
  const person = lead.person === undefined ? lead.id : lead.person;
  const driver = lead.driver === undefined ? `d${person}` : lead.driver;
  await admin.sql`insert into public.module_ct_cabinet_leads (id, lead_created_at) values (${lead.id}::integer, ${lead.date}::timestamp)`;
  if (person !== null) {
    await givenPerson(admin, person);
    await givenLink(admin, person, 'module_ct_cabinet_leads', String(lead.id));
    if (driver !== null) await givenLink(admin, person, 'drivers', driver);
  }
  if (driver !== null) {
    for (const [offset, trips] of Object.entries(lead.trips ?? {})) {
      await admin.sql`
        insert into canon.driver_day_trips (driver_id, trip_date, trips)
        values (${driver}, ${day}::date + ${offset}::integer, ${trips}::integer)
        on conflict do nothing`;
    }
    if (lead.quarantined) {
      await admin.sql`
        insert into canon.driver_orphan_quarantine (driver_id, detected_reason) values (${driver}, 'manual_detection')
        on conflict do nothing`;
    }
  }
  if (lead.event !== null) await givenEvent(admin, lead, person, day);
}

export async function givenPerson(admin: Database, person: number): Promise<void> {
  await admin.sql`insert into canon.identity_registry (person_key) values (${personKey(person)}::uuid) on conflict do nothing`;
}

export async function givenLink(
  admin: Database,
  person: number,
  table: string,
  key: string,
  linkedAt: string | null = '2026-01-01T00:00:00Z',
): Promise<void> {
  await admin.sql`
    insert into canon.identity_links (person_key, source_table, source_pk, linked_at)
    values (${personKey(person)}::uuid, ${table}, ${key}, ${linkedAt}::timestamptz)
    on conflict do nothing`;
}

async function givenEvent(
  admin: Database,
  lead: GivenLead,
  leadPerson: number | null,
  day: string,
): Promise<void> {
  const { person = leadPerson, origin = 'cabinet', date = day } = lead.event ?? {};
  const key = person === null ? null : personKey(person);
  if (person !== null) await givenPerson(admin, person);
  await admin.sql`
    insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
    values ('module_ct_cabinet_leads', ${String(lead.id)}, ${date}::date, ${key}::uuid, jsonb_build_object('origin_tag', ${origin}::text))`;
}
