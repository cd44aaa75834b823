import { parseArgs } from 'node:util';
import { InputError } from '../../../functions/core/errors.ts';
import type { JobKey, StartableJob } from '../../../functions/core/job-input.ts';

export interface JobArgs {
  /** As the job takes it: `--days-back 21` is `{ daysBack: 21 }`. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly outputJson: string | undefined;
  readonly outputCsv: string | undefined;
}

/**
 * Makes a flag of each key of the job's input. A switch is true when named, false as `--no-repair-events` or
 * `--repair-events=false`: a key may be true where nothing is said. Unknown flags are refused by name; values are checked
 * by the job's schema.
 */
export function jobArgs(job: Pick<StartableJob, 'keys'>, args: readonly string[]): JobArgs {
  const flags = new Map(job.keys.map((key) => [kebab(key.name), key]));
  const { values } = parseArgs({
    args: args.map((arg) => spelledOut(arg, flags)),
    strict: true,
    allowPositionals: false,
    allowNegative: true,
    options: {
      'output-json': { type: 'string' },
      'output-csv': { type: 'string' },
      ...Object.fromEntries(
        [...flags].map(([flag, { kind }]) => [
          flag,
          { type: kind === 'switch' ? 'boolean' : 'string' } as const,
        ]),
      ),
    },
  });
  const given: Readonly<Record<string, string | boolean | undefined>> = values;
  const request = [...flags].flatMap(([flag, { name }]) => {
    const value = given[flag];
    return value === undefined ? [] : [[name, typeof value === 'string' ? asTyped(value) : value]];
  });
  const { 'output-json': outputJson, 'output-csv': outputCsv } = given;
  return {
    request: Object.fromEntries(request),
    outputJson: typeof outputJson === 'string' ? outputJson : undefined,
    outputCsv: typeof outputCsv === 'string' ? outputCsv : undefined,
  };
}

/** `--dry-run=false` as `--no-dry-run`: parseArgs gives switches no value. */
function spelledOut(arg: string, flags: ReadonlyMap<string, JobKey>): string {
  const [, flag = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
  const key = flags.get(flag);
  if (key?.kind !== 'switch') return arg;
  if (value !== 'true' && value !== 'false') {
    throw new InputError([{ field: key.name, value, rule: 'must be true or false' }]);
  }
  return value === 'true' ? `--${flag}` : `--no-${flag}`;
}

/** `21` is a number; everything else, dates included, is text for the schema to judge. */
function asTyped(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
