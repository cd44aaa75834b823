/**
 * How the figures of a job's report are traced to the rows that they stand on. Plain data: the endpoint asks by it, and a
 * test compares it with the reports of a night, so that no figure is without.
 */

/** Which of a job run's decisions. What is left out is not asked. */
export interface DecisionFilter {
  readonly decisions?: readonly string[];
  readonly reasons?: readonly string[];
  readonly details?: readonly string[];
  readonly subjects?: readonly string[];
  readonly notSubjects?: readonly string[];
  /** Keys of the evidence with these values. */
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  /** A key of the evidence that is there and not null. */
  readonly has?: string;
}

export type Trace =
  /** The number of decisions; with `sum` the total of that key of their evidence; with `any` whether there is one. */
  | {
      readonly from: 'decisions';
      readonly filter: DecisionFilter;
      readonly sum?: string;
      readonly any?: boolean;
    }
  /** The first and the last value of a key of the decisions' evidence. */
  | { readonly from: 'extent'; readonly filter: DecisionFilter; readonly of: string }
  /** The number of rows that the job run added; with `column` what the only one has there. */
  | {
      readonly from: 'rows';
      readonly relation: Relation;
      readonly where: Readonly<Record<string, string>>;
      readonly column?: string;
    }
  /** What was counted in these relations at that time, of which no row is kept: the statement says how. */
  | { readonly from: 'measured'; readonly in: readonly string[]; readonly says: string }
  /** Worked out from other figures of the report. */
  | { readonly from: 'figures'; readonly of: readonly string[]; readonly says: string }
  /** What the run was asked for. */
  | { readonly from: 'input'; readonly says: string }
  /** A name that is kept for those who read it; nothing can raise it. */
  | { readonly from: 'nothing'; readonly says: string };

export type Relation = 'ops.check_values' | 'ops.metric_snapshots' | 'ops.uploads' | 'ops.upload_rejects';

/** By a figure's path, in which `*` stands for a key; what was found there is given to the function. */
export type Figures = Readonly<Record<string, Trace | ((...keys: string[]) => Trace)>>;

export interface JobFigures {
  /** The file whose statement reports them. */
  readonly statement: string;
  /** The SQL objects that decide. */
  readonly objects: readonly string[];
  readonly figures: Figures;
}

export const decided = (...decisions: string[]): Trace => ({ from: 'decisions', filter: { decisions } });
export const counted = (filter: DecisionFilter): Trace => ({ from: 'decisions', filter });
export const measured = (says: string, ...relations: string[]): Trace => ({
  from: 'measured',
  in: relations,
  says,
});
export const everything: Trace = { from: 'decisions', filter: {} };
export const never: Trace = { from: 'nothing', says: 'kept for those who read it; nothing can raise it' };

/** Of no names: all. */
export const only = (decisions: readonly string[]): DecisionFilter =>
  decisions.length === 0 ? {} : { decisions };

/** The trace of a figure; undefined when none is declared for its path. */
export function traceOf({ figures }: JobFigures, path: string): Trace | undefined {
  for (const [pattern, trace] of Object.entries(figures)) {
    const escaped = pattern.replace(/[.]/g, '\\.').replaceAll('*', '(.+)');
    const match = new RegExp(`^${escaped}$`).exec(path);
    if (match !== null) return typeof trace === 'function' ? trace(...match.slice(1)) : trace;
  }
  return undefined;
}

/**
 * The value at a path of keys with dots between them, where keys may hold dots themselves (`scout_sources.public.drivers`).
 * Of a list its length, unless it is one of plain values. Undefined when there is none.
 */
export function valueAt(report: unknown, path: string): unknown {
  if (typeof report !== 'object' || report === null || Array.isArray(report)) return undefined;
  for (const [key, value] of Object.entries(report)) {
    if (key === path) return isBranch(value) ? undefined : leaf(value);
    if (!path.startsWith(`${key}.`)) continue;
    const found = valueAt(value, path.slice(key.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every path of a report that has a value. */
export function pathsOf(report: object, before = ''): string[] {
  return Object.entries(report).flatMap(([key, value]) =>
    isBranch(value) ? pathsOf(value, `${before}${key}.`) : [`${before}${key}`],
  );
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leaf(value: unknown): unknown {
  return Array.isArray(value) && value.some((each) => typeof each === 'object' && each !== null)
    ? value.length
    : value;
}
