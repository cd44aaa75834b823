import * as z from 'zod';
import { claimsGap } from '../../../../functions/api/claims-gap.ts';
import { limbo } from '../../../../functions/api/collections/limbo.ts';
import { scoutMetrics } from '../../../../functions/api/collections/scout-metrics.ts';
import { cobranzaTable } from '../../../../functions/api/collections/table.ts';
import { weeklyKpis } from '../../../../functions/api/collections/weekly-kpis.ts';
import { paymentsReconciliation } from '../../../../functions/api/payments-reconciliation.ts';
import type { Endpoint } from '../../../../functions/core/http.ts';

/** Figures by name; amounts in cents and counts alike, so that equal means equal. */
export type Figures = Readonly<Record<string, bigint>>;

export interface Probe {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly query: string;
  /** What the answer says. @throws ZodError when it is not of the shape */
  figures(body: unknown): Figures;
}

/** `8865.00` -> 886500n; exact, unlike a float. */
export function cents(amount: string): bigint {
  const [, sign, whole, hundredths = ''] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(amount) ?? [];
  if (whole === undefined) throw new Error(`${amount} is no amount`);
  return BigInt(`${sign}${whole}${hundredths.padEnd(2, '0')}`);
}

const amount = z
  .string()
  .regex(/^-?\d+(\.\d{1,2})?$/)
  .transform(cents);
const count = z.int().transform(BigInt);

const standing = z.object({
  total_drivers: count,
  total_expected_yango: amount,
  total_paid_yango: amount,
  total_debt_yango: amount,
  drivers_m1: count,
  drivers_m5: count,
  drivers_m25: count,
  drivers_with_scout: count,
});
const table = z.object({ summary: standing, summary_total: standing });

const week = z.object({
  total_rows: count,
  debt_sum: amount,
  paid_sum: amount,
  with_scout: count,
  reached_m1: count,
  reached_m5: count,
  reached_m25: count,
});
const weeks = z.object({ weeks: z.array(week) });

const scouts = z.object({
  metrics: z.object({ total_drivers: count, drivers_with_scout: count, drivers_without_scout: count }),
});
const stages = z.object({
  summary: z.object({
    total_leads: count,
    limbo_no_identity: count,
    limbo_no_driver: count,
    limbo_no_trips_14d: count,
    limbo_trips_no_claim: count,
    limbo_ok: count,
  }),
});
const gaps = z.object({
  summary: z.object({
    total_gaps: count,
    gaps_m1: count,
    gaps_m5: count,
    gaps_m25: count,
    total_expected_amount: amount,
  }),
});
const reconciled = z.object({ total: count });

/** The screens' endpoints, asked as people ask them; the weekly figures for as many weeks as they give. */
export const probes: readonly Probe[] = [
  {
    name: 'table',
    endpoint: cobranzaTable,
    query: 'limit=100&only_with_debt=true',
    figures(body) {
      const { summary, summary_total } = table.parse(body);
      return { ...named('with_debt', summary), ...named('all', summary_total) };
    },
  },
  {
    name: 'scout-metrics',
    endpoint: scoutMetrics,
    query: 'only_with_debt=true',
    figures: (body) => named('with_debt', scouts.parse(body).metrics),
  },
  {
    name: 'weekly-kpis',
    endpoint: weeklyKpis,
    query: 'limit_weeks=200&only_with_debt=true',
    figures: (body) => named('with_debt', sums(weeks.parse(body).weeks)),
  },
  { name: 'limbo', endpoint: limbo, query: 'limit=1', figures: (body) => stages.parse(body).summary },
  { name: 'claims-gap', endpoint: claimsGap, query: 'limit=1', figures: (body) => gaps.parse(body).summary },
  {
    name: 'reconciliation',
    endpoint: paymentsReconciliation,
    query: 'limit=1',
    figures: (body) => reconciled.parse(body),
  },
];

const named = (what: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${what}.${name}`, value]));

function sums(each: readonly z.output<typeof week>[]): Figures {
  const total: Record<string, bigint> = {};
  for (const name of Object.keys(week.shape)) total[name] = 0n;
  for (const one of each) {
    for (const [name, value] of Object.entries(one)) total[name] = (total[name] ?? 0n) + value;
  }
  return total;
}
