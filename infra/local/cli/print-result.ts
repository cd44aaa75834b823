import * as z from 'zod';
import type { Json, JsonObject } from '../../../functions/core/job.ts';
import type { JobRunResult } from '../../../functions/core/ledger.ts';
import type { Decision } from './decisions.ts';

export interface Result {
  readonly jobRun: JobRunResult;
  readonly decisions: readonly Decision[];
}

const counters = z.array(
  z.object({
    decision: z.string(),
    reason: z.string().nullable(),
    detail: z.string().nullable(),
    count: z.int(),
  }),
);

/** What a person wants to know: did it work, what did it count, what did it decide and why. */
export function printResult({ jobRun }: Result): void {
  const mode = jobRun.dry_run ? ' (dry run: nothing was changed)' : '';
  console.log(`${jobRun.job} as of ${jobRun.as_of}: ${jobRun.status}${mode}   run ${jobRun.run_id}`);
  if (jobRun.error !== null) console.log(`  error: ${JSON.stringify(jobRun.error)}`);
  for (const [name, value] of Object.entries(jobRun.report ?? {})) printValue(name, value);
  const counted = counters.parse(jobRun.counters ?? []);
  if (counted.length === 0) return;
  console.log('  decisions');
  for (const { decision, reason, detail, count } of counted) {
    console.log(
      `    ${String(count).padStart(7)}  ${[decision, reason, detail].filter((part) => part !== null).join('  ')}`,
    );
  }
}

function printValue(name: string, value: Json): void {
  if (Array.isArray(value) && value.some((part) => typeof part === 'object' && part !== null)) {
    console.log(`  ${name}`);
    for (const part of value) console.log(`    ${describe(part)}`);
    return;
  }
  if (!isGroup(value)) {
    console.log(`  ${name.padEnd(26)} ${describe(value)}`);
    return;
  }
  console.log(`  ${name}`);
  for (const [key, part] of Object.entries(value)) console.log(`    ${key.padEnd(16)} ${describe(part)}`);
}

/** Something with parts of its own, a line each: figures by milestone, rows by kind. */
function isGroup(value: Json): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).some((part) => typeof part === 'object' && part !== null);
}

function isFigures(value: Json): value is { count: Json; amount: Json } {
  return typeof value === 'object' && value !== null && 'count' in value && 'amount' in value;
}

function describe(value: Json): string {
  if (value === null) return '-';
  if (typeof value !== 'object') return String(value);
  // Rows inside a row are how many: a check's examples are in the JSON and on the report's page.
  if (Array.isArray(value)) {
    return value.some((part) => typeof part === 'object' && part !== null)
      ? String(value.length)
      : value.map(describe).join(', ');
  }
  const parts = Object.entries(value).map(([key, part]) =>
    isFigures(part) ? `${key}: ${part.count} (${part.amount})` : `${key} ${describe(part)}`,
  );
  return parts.join('   ');
}
