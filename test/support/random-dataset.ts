/**
 * A data set as chance has it, small and crowded: few names, phones, plates and days, so that whatever can coincide does.
 * Every table of a night has rows, and the dirt of each.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetTables } from '../../infra/local/data/format.ts';
import { personKey } from './cabinet.ts';
import type { Contents } from './dataset.ts';
import { targetPark } from './identity.ts';

/** The day as of which a night over it makes sense; leads and payments go up to it. */
export const AS_OF = '2026-01-13';
const FIRST_DAY = '2025-12-01';
const LAST_DAY = 43;

/** Numbers from a seed, the same on every machine (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to below 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(n: number): number {
    return Math.floor(this.roll() * n);
  }

  chance(p: number): boolean {
    return this.roll() < p;
  }

  of(values: readonly string[]): string {
    return values[this.below(values.length)] ?? '';
  }

  /** In an order of its own. */
  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, at: this.roll() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}

type Row = Record<string, string>;

const dayOf = (n: number): string => {
  const date = new Date(`${FIRST_DAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + n);
  return date.toISOString().slice(0, 10);
};
const upstreamDay = (n: number) => dayOf(n).split('-').toReversed().join('-');

const words = ['ANA', 'Cruz', 'josé', 'NÚÑEZ', 'de', 'la', 'Peña', 'LUIS', 'Rojas', 'Díaz'];
const phones = ['987654321', '+51 987 654 322', '51987654323', '987654324', '987-654-325', '12345', ''];
const plates = ['ABC-123', 'abc 124', 'XYZ-999', 'DEF 777', ''];

export function randomDataset(seed: number, size = 40): Contents {
  const dice = new Dice(seed);
  const count = (n: number) => Array.from({ length: n }, (_, index) => index + 1);
  const name = () => count(2 + dice.below(3)).map(() => dice.of(words));
  const at = (day: number) =>
    `${dayOf(day)} ${String(dice.below(24)).padStart(2, '0')}:${String(dice.below(60)).padStart(2, '0')}:00`;
  const stamped = (day: number) => ({ created_at: at(day), updated_at: at(day) });
  const day = () => dice.below(LAST_DAY + 1);

  const leads: Row[] = count(size).map((id) => {
    const [first = '', ...rest] = name();
    return {
      id: String(id),
      external_id: dice.of([`x${id}`, `x${id}`, '', '""']),
      lead_created_at: dice.chance(0.03) ? '' : at(day()),
      created_at: at(LAST_DAY),
      first_name: first,
      last_name: rest.join(' '),
      park_phone: dice.of(phones),
      asset_plate_number: dice.of(plates),
      asset_model: dice.of(['Rio', 'Yaris', '']),
    };
  });
  const keyOf = (lead: Row) =>
    lead['external_id'] === '' || lead['external_id'] === '""' ? lead['id'] : lead['external_id'];

  const drivers: Row[] = count(Math.ceil(size * 0.7)).map((id) => ({
    driver_id: `d${id}`,
    park_id: dice.of([targetPark, targetPark, targetPark, 'other-park', '']),
    full_name: dice.chance(0.85) ? name().join(' ') : '',
    first_name: dice.of(words),
    last_name: dice.of(words),
    phone: dice.of([...phones, `9${String(10_000_000 + id)}`]),
    car_number: dice.of(plates),
    license_number: dice.of([`Q${id}`, `DRIVERDRAFT${id}`, '']),
    hire_date: dice.chance(0.2) ? '' : dayOf(day()),
    created_at: at(0),
  }));

  const persons = count(Math.ceil(size * 0.6));
  const somebody = () => persons[dice.below(persons.length)] ?? 1;
  const links: Row[] = [];
  const link = (person: number, table: string, key: string) =>
    links.push({
      id: String(links.length + 1),
      person_key: personKey(person),
      source_table: table,
      source_pk: key,
      confidence_level: dice.of(['HIGH', 'MEDIUM', 'LOW']),
      // Of few moments, so that persons have links of the same one, and of none.
      linked_at: dice.chance(0.1) ? '' : `${dayOf(dice.below(3))} 10:00:00Z`,
    });
  for (const lead of leads)
    if (dice.chance(0.6)) link(somebody(), 'module_ct_cabinet_leads', keyOf(lead) ?? '');
  for (const driver of drivers) if (dice.chance(0.7)) link(somebody(), 'drivers', driver['driver_id'] ?? '');

  const events: Row[] = leads
    .filter(() => dice.chance(0.7))
    .map((lead, index) => ({
      id: String(index + 1),
      source_table: 'module_ct_cabinet_leads',
      source_pk: keyOf(lead) ?? '',
      event_date: dice.chance(0.8)
        ? (lead['lead_created_at'] ?? '').slice(0, 10) || dayOf(day())
        : dayOf(day()),
      person_key: dice.chance(0.1)
        ? ''
        : dice.chance(0.8)
          ? (links.find((each) => each['source_pk'] === keyOf(lead))?.['person_key'] ?? '')
          : personKey(somebody()),
      scout_id: dice.of(['', '', '7', '8']),
      payload_json: '{}',
      created_at: at(LAST_DAY),
    }));

  // A driver's day several times, with other counts and times of arrival, and with the same: any of them may win.
  const trips: Row[] = [];
  for (const driver of drivers) {
    for (const _ of count(dice.below(14))) {
      const on = day();
      for (const _again of count(dice.chance(0.3) ? 3 : 1)) {
        trips.push({
          driver_id: dice.chance(0.02) ? '' : (driver['driver_id'] ?? ''),
          date_file: dice.chance(0.06)
            ? dice.of(['', '""', '2026-01-05', '31-02-2026', ' 05-01-2026'])
            : upstreamDay(on),
          count_orders_completed: dice.of(['', '-1', '0', '1', '2', '4', '5', '9', '25']),
          sum_work_time_seconds: dice.of(['', '0', '60', '3600']),
          created_at: dice.of(['', `${dayOf(LAST_DAY)} 01:00:00`, `${dayOf(LAST_DAY)} 02:00:00`]),
        });
      }
    }
  }

  const payments: Row[] = count(Math.ceil(size * 0.8)).map((id) => {
    const driver = drivers[dice.below(drivers.length)] ?? {};
    const flag = () => dice.of(['true', 'true', 'false', '']);
    return {
      id: String(id),
      date: dice.chance(0.1) ? '' : dayOf(day()),
      scout_id: dice.of(['', '', '7', '9']),
      driver: dice.chance(0.8) ? (driver['full_name'] ?? '') : dice.of(['', '""', 'Nadie Conocido']),
      trip_1: flag(),
      trip_5: flag(),
      trip_25: flag(),
      driver_id: dice.chance(0.5) ? (driver['driver_id'] ?? '') : '',
      person_key: dice.chance(0.2) ? personKey(somebody()) : '',
      ...stamped(LAST_DAY),
    };
  });

  const claims = new Map<string, Row>();
  for (const lead of leads.filter(() => dice.chance(0.25))) {
    const person = links.find((each) => each['source_pk'] === keyOf(lead))?.['person_key'];
    const date = (lead['lead_created_at'] ?? '').slice(0, 10);
    const milestone = dice.of(['1', '5', '25']);
    if (person === undefined || date === '') continue;
    const status = dice.of(['expected', 'generated', 'paid', 'rejected', 'expired']);
    claims.set(`${person} ${date} ${milestone}`, {
      claim_id: String(claims.size + 1),
      person_key: person,
      lead_source_pk: keyOf(lead) ?? '',
      lead_date: date,
      milestone,
      amount_expected: { 1: '25.00', 5: '35.00', 25: '100.00' }[milestone] ?? '',
      status,
      paid_at: status === 'paid' ? `${dayOf(LAST_DAY)} 10:00:00Z` : '',
      created_at: `${dayOf(LAST_DAY)} 10:00:00Z`,
      updated_at: `${dayOf(LAST_DAY)} 10:00:00Z`,
    });
  }

  const rule = (id: number, milestone: number, amount: string, from: number, to: number | null): Row => ({
    id: String(id),
    origin_tag: 'cabinet',
    window_days: '14',
    milestone_trips: String(milestone),
    amount,
    currency: 'PEN',
    valid_from: dayOf(from),
    valid_to: to === null ? '' : dayOf(to),
    is_active: String(to === null),
    ...stamped(0),
  });

  return {
    'public.module_ct_cabinet_leads.csv': leads,
    'public.summary_daily.csv': trips,
    'public.drivers.csv': drivers,
    'public.module_ct_migrations.csv': count(4).map((id) => ({
      id: String(id),
      driver_id: `d${1 + dice.below(drivers.length)}`,
      scout_id: dice.of(['', '7', '9']),
      hire_date: dice.chance(0.3) ? '' : dayOf(day()),
      ...stamped(0),
    })),
    'public.module_ct_scouting_daily.csv': count(6).map((id) => ({
      id: String(id),
      registration_date: dayOf(day()),
      scout_id: dice.of(['7', '8', '9']),
      driver_name: name().join(' '),
      driver_phone: dice.of(phones),
      ...stamped(0),
    })),
    'public.module_ct_scouts_list.csv': ['7', '8'].map((id) => ({
      scout_id: id,
      raw_name: `Scout ${id}`,
      is_active: 'true',
      ...stamped(0),
    })),
    'canon.identity_registry.csv': persons.map((person) => ({
      person_key: personKey(person),
      primary_phone: dice.of(phones),
      ...stamped(0),
    })),
    'public.module_ct_cabinet_payments.csv': payments,
    'canon.identity_links.csv': links,
    'canon.driver_orphan_quarantine.csv': drivers.slice(0, 2).map((driver) => ({
      driver_id: driver['driver_id'] ?? '',
      detected_at: `${dayOf(0)} 10:00:00Z`,
      detected_reason: 'manual_detection',
      status: dice.of(['quarantined', 'purged']),
    })),
    'observational.lead_events.csv': events,
    'observational.lead_ledger.csv': persons
      .filter(() => dice.chance(0.2))
      .map((person) => ({
        person_key: personKey(person),
        attributed_source: 'cabinet',
        attributed_scout_id: dice.of(['', '7', '8']),
        attribution_rule: 'A',
        attribution_score: '0.95',
        confidence_level: 'high',
        decision_status: 'assigned',
        updated_at: `${dayOf(1)} 10:00:00Z`,
      })),
    'ops.partner_payment_rules.csv': [
      rule(1, 1, '25.00', -30, null),
      rule(2, 5, '30.00', -30, 15),
      rule(3, 5, '35.00', 16, null),
      rule(4, 25, '100.00', -30, null),
    ],
    'ops.scout_payment_rules.csv': [
      { ...rule(1, 1, '20.00', -30, null), window_days: '7', milestone_type: 'trips' },
    ],
    'canon.claims_yango_cabinet_14d.csv': [...claims.values()],
  };
}

/** The same rows, each file's in another order. */
export function shuffledDataset(contents: Contents, seed: number): Contents {
  const dice = new Dice(seed);
  return Object.fromEntries(
    Object.entries(contents).map(([file, rows]) => {
      if (rows === null || Buffer.isBuffer(rows)) return [file, rows];
      if (typeof rows !== 'string') return [file, dice.shuffled(rows)];
      const [header, ...lines] = rows.trimEnd().split('\n');
      return [file, [header, ...dice.shuffled(lines)].map((line) => `${line}\n`).join('')];
    }),
  );
}

/** The files of a data set, as they are. No field of it may hold a line break. */
export async function datasetOf(directory: string): Promise<Contents> {
  const files = await Promise.all(
    datasetTables.map(
      async ({ name }) => [`${name}.csv`, await readFile(join(directory, `${name}.csv`), 'utf8')] as const,
    ),
  );
  for (const [file, text] of files) {
    if (text.split('\n').some((line) => (line.split('"').length - 1) % 2 !== 0)) {
      throw new Error(`${file}: a field with a line break cannot be shuffled line by line`);
    }
  }
  return Object.fromEntries(files);
}
