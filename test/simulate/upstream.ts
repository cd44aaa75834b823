import { type DatasetName, datasetNames } from '../../functions/cabinet/uploads/datasets.ts';
import { type Database, json } from '../../functions/core/database.ts';
import { Dice } from '../support/dice.ts';
import { targetPark } from '../support/identity.ts';
import { DAY } from './clock.ts';
import { type File, fileOf } from './files.ts';

interface Driver {
  readonly id: string;
  readonly name: string;
  readonly hired: number;
  readonly busy: number;
  trips: number;
}

export type Row = Readonly<Record<string, string | number | boolean | null>>;

const words = [
  'Ana',
  'Cruz',
  'José',
  'Núñez',
  'Peña',
  'Luis',
  'Rojas',
  'Díaz',
  'Quispe',
  'Mamani',
  'Flor',
  'Rosa',
];
/** What comes by file of a day's leads, trips and payments. */
const BY_FILE = 0.25;
const headers: Readonly<Record<DatasetName, string>> = {
  leads: 'external_id,lead_created_at,first_name,last_name,park_phone,asset_plate_number',
  trips: 'driver_id,date_file,count_orders_completed,sum_work_time_seconds,created_at',
  payments: 'id,date,driver,trip_1,trip_5,trip_25,created_at,updated_at',
};

/** A new driver's trips count for so many days. */
const NEW_DAYS = 21;

const dateOf = (day: number) => new Date(day * DAY).toISOString().slice(0, 10);
const fileDate = (day: number) => dateOf(day).split('-').toReversed().join('-');

export interface Arrival {
  readonly files: readonly File[];
  arrive(admin: Database): Promise<void>;
}

/**
 * What arrives from outside, day after day: leads, the drivers that some become, their trips and payments, and corrections
 * of what came before. The same for the same seed, whatever else happens.
 */
export class Upstream {
  readonly #seed: number;
  readonly #drivers: Driver[] = [];
  #leads = 0;
  #payments = 0;
  /** The last row that came by a file, which the next file of its kind has again. */
  readonly #before = new Map<DatasetName, Row>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** What the day brings: files, the evening before, and the rest, before the night. @param day since 1970-01-01 */
  day(day: number): Arrival {
    const dice = new Dice(this.#seed * 100_003 + day);
    const leads: Row[] = [];
    const drivers: Row[] = [];
    for (let count = 1 + dice.below(4); count > 0; count -= 1) this.#register(dice, day, leads, drivers);
    const trips = this.#trips(dice, day);
    const payments = this.#paid(dice, day);
    const byFile = new Set(datasetNames.filter(() => dice.chance(BY_FILE)));
    // A row without external_id would have its id for a key, and an upload gives ids of its own.
    const keyed = (row: Row) => row['external_id'] !== null;
    const isBad = (row: Row) => row['date_file'] === '31-02-2026';
    return {
      files: [
        this.#file(day, 'leads', byFile.has('leads') ? leads.filter(keyed) : []),
        this.#file(day, 'trips', byFile.has('trips') ? trips : []),
        this.#file(day, 'payments', byFile.has('payments') ? payments : []),
      ].filter((file) => file !== undefined),
      arrive: async (admin) => {
        await insert(admin, 'drivers', drivers);
        await insert(
          admin,
          'module_ct_cabinet_leads',
          byFile.has('leads') ? leads.filter((row) => !keyed(row)) : leads,
        );
        await insert(admin, 'summary_daily', byFile.has('trips') ? trips.filter(isBad) : trips);
        await insert(admin, 'module_ct_cabinet_payments', byFile.has('payments') ? [] : payments);
        await this.#correct(admin, dice, day);
      },
    };
  }

  #file(day: number, dataset: DatasetName, rows: readonly Row[]): File | undefined {
    const before = this.#before.get(dataset);
    const file = fileOf(
      `${day} ${dataset}`,
      dataset,
      rows.length > 0 && before ? [before, ...rows] : rows,
      headers[dataset],
    );
    const last = rows.at(-1);
    if (last !== undefined) this.#before.set(dataset, last);
    return file;
  }

  #register(dice: Dice, day: number, leads: Row[], drivers: Row[]): void {
    this.#leads += 1;
    const id = this.#leads;
    const [first, last] = [dice.of(words), `${dice.of(words)} ${dice.of(words)}`];
    const phone = dice.chance(0.05) ? '987654321' : `9${10_000_000 + id}`;
    const plate = `S${String(id).padStart(5, '0')}`;
    leads.push({
      id,
      external_id: dice.chance(0.9) ? `lead-${id}` : null,
      lead_created_at: `${dateOf(day - 1)} ${10 + dice.below(9)}:00:00`,
      created_at: `${dateOf(day)} 04:00:00`,
      first_name: first,
      last_name: last,
      park_phone: phone,
      asset_plate_number: plate,
    });
    if (!dice.chance(0.75)) return;
    const driver: Driver = {
      id: `driver-${id}`,
      name: `${first} ${last}`,
      hired: day,
      busy: 1 + dice.below(5),
      trips: 0,
    };
    this.#drivers.push(driver);
    drivers.push({
      driver_id: driver.id,
      park_id: targetPark,
      full_name: driver.name,
      // By phone, or by plate and name.
      phone: dice.chance(0.8) ? phone : null,
      car_number: plate,
      hire_date: dateOf(day),
      created_at: `${dateOf(day)} 03:00:00`,
    });
  }

  #recent(day: number): Driver[] {
    return this.#drivers.filter(({ hired }) => day - hired <= NEW_DAYS);
  }

  /** Of yesterday; now and then a second file says otherwise, or a row is none. */
  #trips(dice: Dice, day: number): Row[] {
    return this.#recent(day).flatMap((driver) => {
      if (driver.hired === day || !dice.chance(0.7)) return [];
      const count = dice.below(driver.busy + 2);
      driver.trips += count;
      const row = {
        driver_id: driver.id,
        date_file: dice.chance(0.02) ? '31-02-2026' : fileDate(day - 1),
        count_orders_completed: count,
        sum_work_time_seconds: count * 900,
        created_at: `${dateOf(day)} 01:00:00`,
      };
      const again = { ...row, count_orders_completed: count + 1, created_at: `${dateOf(day)} 02:00:00` };
      return dice.chance(0.05) ? [row, again] : [row];
    });
  }

  #paid(dice: Dice, day: number): Row[] {
    return this.#recent(day)
      .filter(() => dice.chance(0.08))
      .map((driver) => {
        this.#payments += 1;
        return {
          id: this.#payments,
          date: dateOf(day - 1),
          driver: driver.name,
          trip_1: driver.trips >= 1 || dice.chance(0.1),
          trip_5: driver.trips >= 5,
          trip_25: driver.trips >= 25 && dice.chance(0.5),
          created_at: `${dateOf(day)} 02:30:00`,
          updated_at: `${dateOf(day)} 02:30:00`,
        };
      });
  }

  /** Of what was said before: a payment that was made after all, another phone, another count of the day before yesterday. */
  async #correct(admin: Database, dice: Dice, day: number): Promise<void> {
    const at = `${dateOf(day)} 05:00:00`;
    if (this.#payments > 0 && dice.chance(0.3)) {
      await admin.sql`
        update public.module_ct_cabinet_payments set trip_5 = true, updated_at = ${at}::timestamp
        where id = ${1 + dice.below(this.#payments)}`;
    }
    if (dice.chance(0.2)) {
      const lead = 1 + dice.below(this.#leads);
      await admin.sql`update public.module_ct_cabinet_leads set park_phone = ${`8${10_000_000 + lead}`} where id = ${lead}::integer`;
    }
    const driver = this.#recent(day)[0];
    if (driver !== undefined && driver.hired < day - 2 && dice.chance(0.5)) {
      await insert(admin, 'summary_daily', [
        {
          driver_id: driver.id,
          date_file: fileDate(day - 2),
          count_orders_completed: dice.below(8),
          sum_work_time_seconds: 60,
          created_at: at,
        },
      ]);
    }
  }
}

async function insert(admin: Database, table: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await admin.transaction(async (sql) => {
    await sql`select set_config('simulation.rows', ${JSON.stringify(rows)}, true)`;
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    await sql.script(`
      insert into public.${table} (${columns})
      select ${columns} from jsonb_populate_recordset(null::public.${table}, current_setting('simulation.rows')::jsonb)`);
  });
}

/** The rules that hold all the time. */
export async function givenSettings(admin: Database): Promise<void> {
  const rules = [
    { milestone: 1, amount: '25.00' },
    { milestone: 5, amount: '35.00' },
    { milestone: 25, amount: '100.00' },
  ];
  await admin.sql`
    insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
    select 'cabinet', 14, milestone, amount, '2020-01-01'
    from jsonb_to_recordset(${json(rules)}) r (milestone integer, amount numeric)`;
}

/** The leads that do not come by file have ids of their own, below. */
const IDS_BY_FILE = 1_000_000;

/** What a transaction that was undone used up of the upstream's sequence is given again: the ids are in the figures' evidence. */
export async function leadIdsAgain(admin: Database): Promise<void> {
  await admin.sql`
    select setval('public.module_ct_cabinet_leads_id_seq', greatest(${IDS_BY_FILE}::bigint, max(id)))
    from public.module_ct_cabinet_leads`;
}
