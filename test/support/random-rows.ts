/** Rows of a data set as chance has them: of few names, phones, plates and days, with the dirt that each table has. */
import { personKey } from './cabinet.ts';
import { Dice } from './dice.ts';
import { targetPark } from './identity.ts';

export type Row = Record<string, string>;

const FIRST_DAY = '2025-12-01';
const LAST_DAY = 43;

const words = ['ANA', 'Cruz', 'josé', 'NÚÑEZ', 'de', 'la', 'Peña', 'LUIS', 'Rojas', 'Díaz'];
const phones = ['987654321', '+51 987 654 322', '51987654323', '987654324', '987-654-325', '12345', ''];
const plates = ['ABC-123', 'abc 124', 'XYZ-999', 'DEF 777', ''];

export const numbers = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

export function dayOf(n: number): string {
  const date = new Date(`${FIRST_DAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + n);
  return date.toISOString().slice(0, 10);
}

export const dateOf = (lead: Row) => (lead['lead_created_at'] ?? '').slice(0, 10);

/** `external_id` unless it is NULL or empty, else the id. */
export function keyOf(lead: Row): string {
  const { external_id: external = '', id = '' } = lead;
  return external === '' || external === '""' ? id : external;
}

const morning = (day: number) => `${dayOf(day)} 10:00:00`;
export const stamped = (day: number) => ({ created_at: morning(day), updated_at: morning(day) });

export class Chance {
  readonly #dice: Dice;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
  }

  is(p: number): boolean {
    return this.#dice.chance(p);
  }

  of(values: readonly string[]): string {
    return this.#dice.of(values);
  }

  #day(): number {
    return this.#dice.below(LAST_DAY + 1);
  }

  #at(day: number): string {
    const [hour, minute] = [this.#dice.below(24), this.#dice.below(60)].map((n) =>
      String(n).padStart(2, '0'),
    );
    return `${dayOf(day)} ${hour}:${minute}:00`;
  }

  #name(): string[] {
    return numbers(2 + this.#dice.below(3)).map(() => this.of(words));
  }

  #somebody(persons: readonly number[]): string {
    return personKey(persons[this.#dice.below(persons.length)] ?? 1);
  }

  lead(id: number): Row {
    const [firstName = '', ...rest] = this.#name();
    return {
      id: String(id),
      external_id: this.of([`x${id}`, `x${id}`, '', '""']),
      lead_created_at: this.is(0.03) ? '' : this.#at(this.#day()),
      created_at: morning(LAST_DAY),
      first_name: firstName,
      last_name: rest.join(' '),
      park_phone: this.of(phones),
      asset_plate_number: this.of(plates),
      asset_model: this.of(['Rio', 'Yaris', '']),
    };
  }

  driver(id: number): Row {
    return {
      driver_id: `d${id}`,
      park_id: this.of([targetPark, targetPark, targetPark, 'other-park', '']),
      full_name: this.is(0.85) ? this.#name().join(' ') : '',
      first_name: this.of(words),
      last_name: this.of(words),
      phone: this.of([...phones, `9${10_000_000 + id}`]),
      car_number: this.of(plates),
      license_number: this.of([`Q${id}`, `DRIVERDRAFT${id}`, '']),
      hire_date: this.is(0.2) ? '' : dayOf(this.#day()),
      created_at: morning(0),
    };
  }

  person(person: number): Row {
    return { person_key: personKey(person), primary_phone: this.of(phones), ...stamped(0) };
  }

  /** Of few moments, so that persons have links of the same one, and of none. */
  links(leads: readonly Row[], drivers: readonly Row[], persons: readonly number[]): Row[] {
    const linked = [
      ...leads.filter(() => this.is(0.6)).map((lead) => ['module_ct_cabinet_leads', keyOf(lead)] as const),
      ...drivers.filter(() => this.is(0.7)).map((driver) => ['drivers', driver['driver_id'] ?? ''] as const),
    ];
    return linked.map(([table, key], index) => ({
      id: String(index + 1),
      person_key: this.#somebody(persons),
      source_table: table,
      source_pk: key,
      confidence_level: this.of(['HIGH', 'MEDIUM', 'LOW']),
      linked_at: this.is(0.1) ? '' : `${morning(this.#dice.below(3))}Z`,
    }));
  }

  event(id: number, lead: Row, person: string, persons: readonly number[]): Row {
    return {
      id: String(id),
      source_table: 'module_ct_cabinet_leads',
      source_pk: keyOf(lead),
      event_date: (this.is(0.8) ? dateOf(lead) : '') || dayOf(this.#day()),
      person_key: this.is(0.1) ? '' : this.is(0.8) ? person : this.#somebody(persons),
      scout_id: this.of(['', '', '7', '8']),
      payload_json: '{}',
      created_at: morning(LAST_DAY),
    };
  }

  /** A driver's day several times, with other counts and times of arrival, and with the same: any of them may win. */
  trips(driver: Row): Row[] {
    return numbers(this.#dice.below(14)).flatMap(() => {
      const day = dayOf(this.#day()).split('-').toReversed().join('-');
      return numbers(this.is(0.3) ? 3 : 1).map(() => ({
        driver_id: this.is(0.02) ? '' : (driver['driver_id'] ?? ''),
        date_file: this.is(0.06) ? this.of(['', '""', '2026-01-05', '31-02-2026', ' 05-01-2026']) : day,
        count_orders_completed: this.of(['', '-1', '0', '1', '2', '4', '5', '9', '25']),
        sum_work_time_seconds: this.of(['', '0', '60', '3600']),
        created_at: this.of(['', `${dayOf(LAST_DAY)} 01:00:00`, `${dayOf(LAST_DAY)} 02:00:00`]),
      }));
    });
  }

  payment(id: number, drivers: readonly Row[], persons: readonly number[]): Row {
    const driver = drivers[this.#dice.below(drivers.length)] ?? {};
    const flag = () => this.of(['true', 'true', 'false', '']);
    return {
      id: String(id),
      date: this.is(0.1) ? '' : dayOf(this.#day()),
      scout_id: this.of(['', '', '7', '9']),
      driver: this.is(0.8) ? (driver['full_name'] ?? '') : this.of(['', '""', 'Nadie Conocido']),
      trip_1: flag(),
      trip_5: flag(),
      trip_25: flag(),
      driver_id: this.is(0.5) ? (driver['driver_id'] ?? '') : '',
      person_key: this.is(0.2) ? this.#somebody(persons) : '',
      ...stamped(LAST_DAY),
    };
  }

  claim(id: number, { person_key: person = '', milestone = '', ...lead }: Row): Row {
    const status = this.of(['expected', 'generated', 'paid', 'rejected', 'expired']);
    return {
      claim_id: String(id),
      person_key: person,
      lead_source_pk: keyOf(lead),
      lead_date: dateOf(lead),
      milestone,
      amount_expected: { 1: '25.00', 5: '35.00', 25: '100.00' }[milestone] ?? '',
      status,
      paid_at: status === 'paid' ? `${morning(LAST_DAY)}Z` : '',
      created_at: `${morning(LAST_DAY)}Z`,
      updated_at: `${morning(LAST_DAY)}Z`,
    };
  }

  quarantine(driver: Row): Row {
    return {
      driver_id: driver['driver_id'] ?? '',
      detected_at: `${morning(0)}Z`,
      detected_reason: 'manual_detection',
      status: this.of(['quarantined', 'purged']),
    };
  }

  /** Every source that may name one. */
  scouts(drivers: readonly Row[], persons: readonly number[]): Record<string, Row[]> {
    return {
      'public.module_ct_migrations.csv': numbers(4).map((id) => ({
        id: String(id),
        driver_id: `d${1 + this.#dice.below(drivers.length)}`,
        scout_id: this.of(['', '7', '9']),
        hire_date: this.is(0.3) ? '' : dayOf(this.#day()),
        ...stamped(0),
      })),
      'public.module_ct_scouting_daily.csv': numbers(6).map((id) => ({
        id: String(id),
        registration_date: dayOf(this.#day()),
        scout_id: this.of(['7', '8', '9']),
        driver_name: this.#name().join(' '),
        driver_phone: this.of(phones),
        ...stamped(0),
      })),
      'public.module_ct_scouts_list.csv': ['7', '8'].map((id) => ({
        scout_id: id,
        raw_name: `Scout ${id}`,
        is_active: 'true',
        ...stamped(0),
      })),
      'observational.lead_ledger.csv': persons
        .filter(() => this.is(0.2))
        .map((person) => ({
          person_key: personKey(person),
          attributed_source: 'cabinet',
          attributed_scout_id: this.of(['', '7', '8']),
          attribution_rule: 'A',
          attribution_score: '0.95',
          confidence_level: 'high',
          decision_status: 'assigned',
          updated_at: `${morning(1)}Z`,
        })),
    };
  }
}
