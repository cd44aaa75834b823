import fc from 'fast-check';
import { json } from '../../../functions/core/database.ts';
import { personKey } from '../../support/cabinet.ts';
import type { TestDatabase } from '../../support/database.ts';
import { targetPark } from '../../support/identity.ts';
import type { NaiveDriver, NaiveKey, NaiveLead, Registered, Undone } from './naive-identity.ts';

/** Few values of each, so that they meet; the dates lie on the edges of the rules' windows around 2026-01-05. */
const phone = fc.constantFrom(
  '987654321',
  '+51 987-654-321',
  '987654322',
  '51987654323',
  '987654323',
  '1234567',
  '',
  '',
);
const license = fc.constantFrom('Q-1', 'q1', 'Q2', 'DRIVERDRAFT9', '', '');
const plate = fc.constantFrom('ABC-123', 'ABC-123', 'abc 123', 'abc123', 'XYZ-1', '');
const label = fc.constantFrom('Río 2', 'RIO  2', 'río 2.', 'Rio 2', 'RÍO 2', 'Kia', '');
const name = fc
  .oneof(
    { weight: 6, arbitrary: fc.subarray(['A', 'B', 'C', 'D'], { minLength: 2 }) },
    { weight: 3, arbitrary: fc.subarray(['Ana', 'María', 'Cruz', 'Núñez'], { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(['De', 'La'], ['ANA', 'de', 'la', 'cruz'], []) },
  )
  .map((words) => words.join(' '));
const hired = fc.constantFrom(
  ...[
    '2025-10-06',
    '2025-10-07',
    '2025-12-05',
    '2025-12-06',
    '2026-01-05',
    '2026-01-12',
    '2026-01-13',
    '2026-02-04',
    '2026-02-05',
  ],
  ...['2020-01-01', '2020-01-01', '2020-01-01', '2020-01-01'],
  null,
);
const park = fc.constantFrom(
  targetPark,
  targetPark,
  targetPark,
  targetPark,
  targetPark,
  'another',
  'third',
  null,
);
const person = fc.constantFrom(1, 2, 3).map(personKey);
const orNobody = (of: typeof person) => fc.option(of, { freq: 2 });

const key: fc.Arbitrary<NaiveKey> = fc.record({
  date: fc.constantFrom('2026-01-05', '2026-01-05', '2026-01-06'),
  name,
  phone,
  license,
  plate,
  brand: label,
  model: label,
});
const driver = fc.record({
  park,
  name,
  phone,
  license,
  plate,
  brand: label,
  model: label,
  hired,
  person: orNobody(person),
});
const lead = fc.record({ date: fc.constant('2026-01-05'), name, phone, plate, person: orNobody(person) });

export interface Population {
  readonly keys: readonly NaiveKey[];
  readonly drivers: readonly NaiveDriver[];
  readonly leads: readonly NaiveLead[];
  readonly registered: readonly Registered[];
  readonly undone: readonly Undone[];
}

export const population: fc.Arbitrary<Population> = fc
  .record({
    keys: fc.array(key, { minLength: 1, maxLength: 6 }),
    drivers: fc.array(driver, { maxLength: 12 }),
    /** Of the first drivers a second one each: what tells nobody apart. */
    twins: fc.integer({ min: 0, max: 4 }),
    leads: fc.array(lead, { minLength: 1, maxLength: 12 }),
    registered: fc.tuple(
      ...[1, 2, 3].map((n) => fc.record({ person: fc.constant(personKey(n)), phone, license })),
    ),
    undone: fc.array(fc.record({ isLead: fc.boolean(), number: fc.integer({ min: 1, max: 6 }), person }), {
      maxLength: 3,
    }),
  })
  .map(({ drivers, twins, leads, undone, ...rest }) => ({
    ...rest,
    drivers: [...drivers, ...drivers.slice(0, twins)].map((each, at) => ({ id: `d${at + 1}`, ...each })),
    leads: leads.map((each, at) => ({ id: at + 1, license: '', brand: '', model: '', ...each })),
    undone: undone.map(({ isLead, number, person }) => ({
      table: isLead ? 'module_ct_cabinet_leads' : 'drivers',
      pk: isLead ? String(number) : `d${number}`,
      person,
    })),
  }));

const seldom = fc.constantFrom(null, null, null, personKey(1), personKey(2));

/** One name, a phone and a plate of a driver's own, licences shared: what one lead links is often what another waits for. */
export const kin: fc.Arbitrary<Population> = fc
  .record({
    drivers: fc.array(
      fc.record({
        license: fc.constantFrom('Q1', 'Q1', 'Q2', ''),
        hired: fc.constantFrom('2020-01-01', '2020-01-01', null),
        person: seldom,
      }),
      { minLength: 2, maxLength: 5 },
    ),
    leads: fc.array(
      fc.record({
        phone: fc.integer({ min: 0, max: 5 }),
        plate: fc.integer({ min: 0, max: 5 }),
        person: seldom,
      }),
      { minLength: 2, maxLength: 8 },
    ),
  })
  .map(({ drivers, leads }) => {
    const number = (at: number) => (at === 0 ? '' : `98765432${at}`);
    const plateOf = (at: number) => (at === 0 ? '' : `ABC-12${at}`);
    const rest = { name: 'Ana Cruz', brand: '', model: '' };
    return {
      keys: [],
      drivers: drivers.map(({ license, hired, person }, at) => ({
        ...rest,
        id: `d${at + 1}`,
        park: targetPark,
        phone: number(at + 1),
        plate: plateOf(at + 1),
        license,
        hired,
        person,
      })),
      leads: leads.map(({ phone, plate, person }, at) => ({
        ...rest,
        id: at + 1,
        date: '2026-01-05',
        license: '',
        phone: number(phone),
        plate: plateOf(plate),
        person,
      })),
      registered: [1, 2].map((n) => ({ person: personKey(n), phone: '', license: '' })),
      undone: [],
    };
  });

/** Rows and not whole tables: a truncate writes files, and takes ten times as long as the comparison. */
const emptied = `
  set session_replication_role = replica; delete from ops.decisions; delete from canon.identity_link_undos; reset session_replication_role;
  delete from observational.lead_events; delete from canon.identity_unmatched;
  delete from canon.identity_links; delete from canon.identity_registry;
  delete from canon.drivers_index; delete from public.drivers; delete from public.module_ct_cabinet_leads`;

export async function givenPopulation(
  database: TestDatabase,
  { drivers, leads, registered, undone }: Population,
): Promise<void> {
  await database.admin.script(emptied);
  await database.admin.sql`
    with driver as (
      select * from jsonb_to_recordset(${json(drivers)}) d (
        id text, park text, name text, phone text, plate text, license text, brand text, model text, hired date, person uuid)
    ), lead as (
      select * from jsonb_to_recordset(${json(leads)}) l (id integer, date timestamp, name text, phone text, plate text, person uuid)
    ), of_drivers as (
      insert into public.drivers (driver_id, park_id, full_name, phone, car_number, license_number, car_brand, car_model, hire_date)
      select id, park, name, phone, plate, license, brand, model, hired from driver
    ), of_leads as (
      insert into public.module_ct_cabinet_leads (id, lead_created_at, last_name, park_phone, asset_plate_number)
      select id, date, name, phone, plate from lead
    ), registered as (
      insert into canon.identity_registry (person_key, primary_phone, primary_license)
      select person, phone, license from jsonb_to_recordset(${json(registered)}) r (person uuid, phone text, license text)
    ), linked as (
      insert into canon.identity_links (person_key, source_table, source_pk)
      select person, 'drivers', id from driver where person is not null
      union all select person, 'module_ct_cabinet_leads', id::text from lead where person is not null
    )
    insert into canon.identity_link_undos (source_table, source_pk, person_key, link, undone_by, reason)
    select "table", pk, person, '{}', 'test', 'test' from jsonb_to_recordset(${json(undone)}) u ("table" text, pk text, person uuid)`;
  await database.admin.sql`select canon.refresh_drivers_index()`;
}
