import type { ParseArgsConfig } from 'node:util';
import { InputError } from '../../../../functions/core/errors.ts';
import type { ExitCode } from '../main.ts';
import type { Api } from './client.ts';

/** What a person typed after the command's name. */
export interface Given {
  /** In the command's order; all that its usage names. */
  readonly words: readonly string[];
  text(flag: string): string | undefined;
  on(flag: string): boolean;
}

export interface Outcome {
  /** For machines, with --json. */
  readonly answer: unknown;
  /** For people, a line each. */
  readonly lines: readonly string[];
  readonly code: ExitCode;
}

/** One command over HTTP: what it takes, and what it makes of the answer. */
export interface Command {
  /** E.g. `backfill plan`. */
  readonly name: string;
  /** What stands behind the name, e.g. `PIPELINE --from D --to D`. */
  readonly usage: string;
  readonly summary: string;
  /** Names of the words that it takes, all of them required. */
  readonly words: readonly string[];
  readonly options: NonNullable<ParseArgsConfig['options']>;
  run(given: Given, api: Api): Promise<Outcome>;
}

export const text = { type: 'string' } as const;
export const switched = { type: 'boolean' } as const;

/** @throws InputError when the flag is not given */
export function required(given: Given, flag: string, rule: string): string {
  const value = given.text(flag);
  if (value === undefined) throw new InputError([{ field: `--${flag}`, value: undefined, rule }]);
  return value;
}

/** Why, for the ledger. */
export function reasonOf(given: Given): string {
  return required(given, 'reason', 'is required: the ledger keeps why, e.g. --reason "the source was late"');
}

/** @throws InputError for what is no whole number */
export function numberOf(given: Given, flag: string): number | undefined {
  const value = given.text(flag);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InputError([{ field: `--${flag}`, value, rule: 'must be a whole number' }]);
}

/** @throws InputError for what is no JSON */
export function jsonOf(given: Given, flag: string): unknown {
  const value = given.text(flag);
  if (value === undefined) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw new InputError([{ field: `--${flag}`, value, rule: 'must be JSON' }]);
  }
}

/** The flags that are given, by the names that the API has for them. */
export function parameters(given: Given, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([flag, name]) => {
      const value = given.text(flag);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Without the keys that have no value. */
export function bodyOf(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
