/**
 * Errors say what the caller may do next, in their class: try again, give up, or ask the ledger.
 * The queue's behaviour, the HTTP status and the exit code all follow from it (docs/promises.md).
 */

/** One thing wrong with an input: where, what was given, and the rule it breaks. */
export interface Problem {
  readonly field: string;
  readonly value: unknown;
  readonly rule: string;
}

export interface ErrorOptionsWithCode extends ErrorOptions {
  readonly code: string;
}

export abstract class CuadreError extends Error {
  /** Spelt out in each class: bundles are minified, and logs carry the name. */
  abstract override readonly name: string;
  readonly code: string;

  constructor(message: string, options: ErrorOptionsWithCode) {
    super(message, options);
    this.code = options.code;
  }
}

/** Another attempt may succeed: a lost connection, a lock time-out, a throttled call. */
export class RetryableError extends CuadreError {
  override readonly name: string = 'RetryableError';
}

/** No attempt can succeed: the attempt is recorded and the job run fails at once. */
export class PermanentError extends CuadreError {
  override readonly name: string = 'PermanentError';
}

/** The connection died during COMMIT, or during a statement that was its own transaction: only the data knows whether it is done. */
export class LostError extends CuadreError {
  override readonly name: string = 'LostError';
}

/** The caller's input breaks a rule. Lists every problem, not the first. */
export class InputError extends PermanentError {
  override readonly name = 'InputError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options: Partial<ErrorOptionsWithCode> = {}) {
    super(problems.map(describeProblem).join('; '), { code: 'INVALID_INPUT', ...options });
    this.problems = problems;
  }
}

/** What a person has set going, by ids of the ledger. */
export type Undertaking = { readonly runs: readonly string[] } | { readonly backfill: string };

/** The request is well formed but the present state forbids it (a run is active, a key was used before). */
export class ConflictError extends PermanentError {
  override readonly name: string = 'ConflictError';
  /** What was set going before, if that is why. Whoever did it may have been cut off before its messages were sent. */
  readonly before: Undertaking | undefined;

  constructor(
    message: string,
    options: ErrorOptionsWithCode & { readonly before?: Undertaking | undefined },
  ) {
    super(message, options);
    this.before = options.before;
  }
}

/** The thing named does not exist. */
export class NotFoundError extends PermanentError {
  override readonly name: string = 'NotFoundError';
}

/** The answer would be larger than the caller can be given in one piece. */
export class TooLargeError extends PermanentError {
  override readonly name = 'TooLargeError';
}

/** What the caller sent is larger than it may be. */
export class BodyTooLargeError extends PermanentError {
  override readonly name = 'BodyTooLargeError';
  readonly problems: readonly Problem[];

  constructor(problem: Problem) {
    super(describeProblem(problem), { code: 'BODY_TOO_LARGE' });
    this.problems = [problem];
  }
}

function describeProblem({ field, value, rule }: Problem): string {
  return value === undefined ? `${field}: ${rule}` : `${field}: ${rule}, got ${JSON.stringify(value)}`;
}
