import * as z from 'zod';
import { from, joined, type Source } from '../../core/csv.ts';
import type { Transaction } from '../../core/database.ts';
import { argumentsOf, type CobranzaFilter } from './filters.ts';

/** Below it a second connection takes longer to open than it saves: 50,000 rows are a fifth of a second. */
const WORTH_TWO = 50_000;

/**
 * Of a range, at least: 2 MB, which may be held until its turn comes. A range costs a statement of its own, 2 ms,
 * where its rows take 20.
 */
const RANGE_ROWS = 8_000;

/**
 * The drivers in the order of the file: in one piece, or cut into ranges of dates, newest first, that two connections can
 * write. Where the cuts are decides nothing but how long it takes: every driver is in exactly one range, whatever the
 * totals by week say, and one without a date, which the order puts first, in the first. A day is never cut: one with most of
 * the rows is written by one connection. The live standing is worked out whole by every statement, so it stays one.
 */
export async function driversInOrder(
  sql: Transaction,
  filter: CobranzaFilter,
  rows: number,
): Promise<Source[]> {
  if (rows < WORTH_TWO || !filter.use_materialized) return [drivers(filter)];
  const cuts = cutsOf(await weeks(sql, filter), RANGE_ROWS);
  return [undated(filter), ...[...cuts, null].map((since, n) => dated(filter, since, cuts[n - 1] ?? null))];
}

const week = z.strictObject({ week_start: z.iso.date(), drivers: z.int() });
type Week = z.output<typeof week>;

async function weeks(sql: Transaction, filter: CobranzaFilter): Promise<Week[]> {
  const f = argumentsOf(filter);
  return sql(week)`
    select week_start, sum(drivers)::integer as drivers from ops.cabinet_cobranza_totals(
      true, false, ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
      null, ${f.week}::date, null, null)
    where week_start > '-infinity'
    group by week_start
    order by week_start desc`;
}

/** The first dates of ranges, newest first: of weeks, until they hold enough, and of the days of a week with too many. */
export function cutsOf(weeks: readonly Week[], enough: number): string[] {
  const cuts: string[] = [];
  let rows = 0;
  for (const { week_start, drivers } of weeks) {
    rows += drivers;
    if (drivers > 2 * enough) for (let days = 6; days > 0; days -= 1) cuts.push(dayAfter(week_start, days));
    if (rows < enough) continue;
    cuts.push(week_start);
    rows = 0;
  }
  return cuts;
}

function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}

function drivers(filter: CobranzaFilter): Source {
  return joined(matching(filter), IN_ORDER);
}

function undated(filter: CobranzaFilter): Source {
  return joined(matching(filter), from`where lead_date is null order by driver_id`);
}

function dated(filter: CobranzaFilter, since: string | null, before: string | null): Source {
  const range = from`
    where lead_date is not null
      and (${since}::date is null or lead_date >= ${since}::date)
      and (${before}::date is null or lead_date < ${before}::date)`;
  return joined(joined(matching(filter), range), IN_ORDER);
}

function matching(filter: CobranzaFilter): Source {
  const f = argumentsOf(filter);
  return from`
    ops.cabinet_cobranza(
      ${f.materialized}::boolean, ${f.withDebt}::boolean, ${f.minDebt}::numeric, ${f.milestone}::text, ${f.scout}::integer,
      null, ${f.week}::date, null, null)`;
}

/**
 * The very order of an index: with "nulls last" in it, which no driver needs, a million rows of all columns were sorted
 * on disk first, a third of the database's processor time.
 */
const IN_ORDER = from`order by lead_date desc, driver_id`;
