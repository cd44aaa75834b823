import type { Sql } from '../core/database.ts';
import { type Reconciled, reconcileRound, type Selection } from './leads-statement.ts';

type Figures = Omit<Reconciled, 'postponed'>;

/**
 * Whom a round links may be whom another lead waits for: a plate finds the person that a phone has just given the driver.
 * Round after round decides on what the one before postponed, until one links nobody. Every lead is decided on once, and
 * another run over the same data finds nothing more. Each round links a lead at least, so they end; two are usual.
 * @returns the rounds' figures together, and how many there were
 */
export async function reconcileLeads(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  selection: Selection,
): Promise<Figures & { readonly rounds: number }> {
  let { postponed, ...figures } = await reconcileRound(sql, jobRunId, dryRun, selection, null);
  let rounds = 1;
  while (postponed.length > 0) {
    const { postponed: left, ...more } = await reconcileRound(sql, jobRunId, dryRun, selection, postponed);
    figures = together(figures, more);
    postponed = left;
    rounds += 1;
  }
  return { ...figures, rounds };
}

function together(first: Figures, second: Figures): Figures {
  const sum = (of: (figures: Figures) => number) => of(first) + of(second);
  const counts = (of: (figures: Figures) => Counts) => added(of(first), of(second));
  return {
    before: first.before,
    limbo_found: first.limbo_found,
    selected: sum(({ selected }) => selected),
    matched: sum(({ matched }) => matched),
    would_match: sum(({ would_match }) => would_match),
    unmatched: sum(({ unmatched }) => unmatched),
    skipped: sum(({ skipped }) => skipped),
    newly_linked: sum(({ newly_linked }) => newly_linked),
    newly_driver_mapped: sum(({ newly_driver_mapped }) => newly_driver_mapped),
    still_no_candidates: sum(({ still_no_candidates }) => still_no_candidates),
    conflicts: sum(({ conflicts }) => conflicts),
    events_repaired: sum(({ events_repaired }) => events_repaired),
    persons_filled: sum(({ persons_filled }) => persons_filled),
    // Newest first, as they are taken.
    first_lead_date: latest(first.first_lead_date, second.first_lead_date),
    last_lead_date: earliest(first.last_lead_date, second.last_lead_date),
    by_stage: merged(first.by_stage, second.by_stage, added),
    by_reason: counts(({ by_reason }) => by_reason),
    by_rule: counts(({ by_rule }) => by_rule),
    selected_by_week: counts(({ selected_by_week }) => selected_by_week),
  };
}

type Counts = Readonly<Record<string, number>>;

function merged<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  both: (a: T, b: T) => T,
): Record<string, T> {
  const result: Record<string, T> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = a[key];
    result[key] = other === undefined ? value : both(other, value);
  }
  return result;
}

function added(a: Counts, b: Counts): Record<string, number> {
  return merged(a, b, (x, y) => x + y);
}

const dates = (a: string | null, b: string | null): string[] => [a, b].filter((each) => each !== null).sort();
const latest = (a: string | null, b: string | null): string | null => dates(a, b).at(-1) ?? null;
const earliest = (a: string | null, b: string | null): string | null => dates(a, b).at(0) ?? null;
