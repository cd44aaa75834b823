import fc from 'fast-check';
import { type Database, json } from '../../../functions/core/database.ts';
import { personKey } from '../../support/cabinet.ts';

/** One person with one lead, as chance has it. Days are counted from FIRST_DAY. */
export interface RandomLead {
  readonly day: number;
  /** Days from the lead's day -> trips; a driver has at most one count a day. */
  readonly trips: readonly (readonly [number, number])[];
  /** The day of the cabinet event, of whom: none, another person's, nobody's, or the lead's own. */
  readonly event: {
    readonly day: number;
    readonly of: 'nobody' | 'other' | 'own';
    readonly origin: string;
  } | null;
  /** Whether the person before this one is the same one: persons with several leads. */
  readonly again: boolean;
}

export interface RandomRule {
  readonly scope: 'partner' | 'scout';
  readonly milestone: number;
  readonly window: number;
  readonly from: number;
  /** Length in days, null for an open version. */
  readonly length: number | null;
  readonly active: boolean;
}

const FIRST_DAY = '2026-01-01';
const day = fc.integer({ min: 0, max: 30 });

/** Trips lie on the edges of the windows, so that every one of them matters. */
export const randomLead: fc.Arbitrary<RandomLead> = fc
  .record({
    day,
    trips: fc.uniqueArray(
      fc.tuple(fc.constantFrom(-1, 0, 1, 6, 7, 13, 14, 29, 30), fc.integer({ min: 0, max: 9 })),
      {
        selector: ([on]) => on,
        maxLength: 6,
      },
    ),
    event: fc.option(
      fc.record({
        shift: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1)),
        of: fc.oneof(
          { weight: 3, arbitrary: fc.constant('own' as const) },
          fc.constantFrom('nobody', 'other'),
        ),
        origin: fc.oneof({ weight: 4, arbitrary: fc.constant('cabinet') }, fc.constant('fleet_migration')),
      }),
      { freq: 6 },
    ),
    again: fc.boolean(),
  })
  .map(({ event, ...lead }) => ({
    ...lead,
    event: event && { day: lead.day + event.shift, of: event.of, origin: event.origin },
  }));

export const randomRule: fc.Arbitrary<RandomRule> = fc.record({
  scope: fc.constantFrom('partner', 'scout'),
  milestone: fc.constantFrom(1, 5, 25),
  window: fc.constantFrom(7, 14, 30),
  from: fc.integer({ min: -20, max: 20 }),
  length: fc.option(fc.integer({ min: 0, max: 40 })),
  active: fc.boolean(),
});

/** The person's number of each lead. */
export function persons(leads: readonly RandomLead[]): number[] {
  let last = 0;
  return leads.map(({ again }, index) => {
    if (!again || last === 0) last = index + 1;
    return last;
  });
}

/** The calendar date of a day. */
export function dateOf(of: number): string {
  const date = new Date(`${FIRST_DAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + of);
  return date.toISOString().slice(0, 10);
}

/** Persons share no driver: `d<person>`, whose days are those of the person's first lead that has any for the day. */
export async function givenPopulation(
  admin: Database,
  leads: readonly RandomLead[],
  rules: readonly RandomRule[],
): Promise<void> {
  const who = persons(leads);
  const rows = leads.map((lead, index) => ({
    ...lead,
    id: index + 1,
    person: personKey(who[index] ?? 0),
    driver: `d${who[index]}`,
    other: personKey(9999),
    date: dateOf(lead.day),
    event_date: lead.event && dateOf(lead.event.day),
  }));
  const days = rows.flatMap(({ driver, day, trips }) =>
    trips.map(([offset, n]) => ({ driver, date: dateOf(day + offset), trips: n })),
  );
  await admin.sql`
    with lead as (
      select * from jsonb_to_recordset(${json(rows)}) as l (id integer, person uuid, driver text, other uuid, date date, event jsonb, event_date date)
    ), registered as (
      insert into canon.identity_registry (person_key)
      select person from lead union select other from lead
    ), made as (
      insert into public.module_ct_cabinet_leads (id, lead_created_at) select id, date + time '20:00' from lead
    ), linked as (
      insert into canon.identity_links (person_key, source_table, source_pk)
      select person, 'module_ct_cabinet_leads', id::text from lead
      union select person, 'drivers', driver from lead
    )
    insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
    select 'module_ct_cabinet_leads', id::text, event_date,
           case event ->> 'of' when 'own' then person when 'other' then other end,
           jsonb_build_object('origin_tag', event ->> 'origin')
    from lead where event_date is not null`;
  await admin.sql`
    insert into canon.driver_day_trips (driver_id, trip_date, trips)
    select * from jsonb_to_recordset(${json(days)}) as d (driver text, date date, trips integer)
    on conflict do nothing`;
  for (const [index, { scope, milestone, window, from, length, active }] of rules.entries()) {
    const to = length === null ? null : dateOf(from + length);
    const version = [index + 1, window, milestone, dateOf(from), to, active] as const;
    await (scope === 'partner' ? givenPartner(admin, version) : givenScout(admin, version));
  }
}

type VersionValues = readonly [number, number, number, string, string | null, boolean];

/** The table's unique key refuses a second version of one rule from the same day: the first stays. */
async function givenPartner(admin: Database, [id, window, milestone, from, to, active]: VersionValues) {
  await admin.sql`
    insert into ops.partner_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to, is_active)
    values (${id}::integer, 'cabinet', ${window}::integer, ${milestone}::integer, ${id}::numeric, ${from}::date, ${to}::date, ${active}::boolean)
    on conflict do nothing`;
}

async function givenScout(admin: Database, [id, window, milestone, from, to, active]: VersionValues) {
  await admin.sql`
    insert into ops.scout_payment_rules (id, origin_tag, window_days, milestone_trips, amount, valid_from, valid_to, is_active)
    values (${id}::integer, 'cabinet', ${window}::integer, ${milestone}::integer, ${id}::numeric, ${from}::date, ${to}::date, ${active}::boolean)
    on conflict do nothing`;
}
