import { PermanentError } from '../../../functions/core/errors.ts';

/** One thing wrong with a data set, as exactly as it can be pointed at. */
export interface DatasetProblem {
  readonly file: string;
  /** Counted from 1, the header; absent when the file as a whole is meant. */
  readonly line?: number;
  /** A column's name, or several with commas for a key. */
  readonly column?: string;
  /** As it stands in the file; null for an empty field. */
  readonly value?: string | null;
  readonly rule: string;
}

/** Enough to see a pattern, few enough to read. */
const LIMIT = 100;

/** Nothing was loaded. */
export class DatasetError extends PermanentError {
  override readonly name = 'DatasetError';
  readonly problems: readonly DatasetProblem[];

  constructor(problems: readonly DatasetProblem[], cause?: unknown) {
    const more = problems.length >= LIMIT ? [`these are the first ${LIMIT}; there may be more`] : [];
    super(['nothing was loaded:', ...problems.map(describe), ...more].join('\n  '), {
      code: 'BAD_DATASET',
      cause,
    });
    this.problems = problems;
  }
}

function describe({ file, line, column, value, rule }: DatasetProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  const cell = column === undefined ? '' : ` ${column}`;
  const given =
    value === undefined ? '' : value === null ? ', it is empty' : `, got ${JSON.stringify(shortened(value))}`;
  return `${place}${cell}: ${rule}${given}`;
}

function shortened(value: string): string {
  return value.length > 80 ? `${value.slice(0, 79)}…` : value;
}

/** Collects what is wrong until there is enough of it. */
export class Problems {
  readonly #found: DatasetProblem[] = [];

  add(problem: DatasetProblem): void {
    if (!this.full) this.#found.push(problem);
  }

  get full(): boolean {
    return this.#found.length >= LIMIT;
  }

  throwIfAny(): void {
    if (this.#found.length > 0) throw new DatasetError(this.#found);
  }
}
