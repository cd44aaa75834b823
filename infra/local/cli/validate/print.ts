import * as z from 'zod';
import type { JobRunResult } from '../../../../functions/core/ledger.ts';
import type { Asked } from './ask.ts';
import type { Comparison } from './compare.ts';

const outcomes = z.looseObject({
  checks: z.array(
    z.looseObject({
      name: z.string(),
      outcome: z.string(),
      value: z.string().nullable(),
      unit: z.string(),
      meaning: z.string(),
      action: z.string(),
    }),
  ),
});

interface Told {
  readonly all_passed: boolean;
  readonly validation: JobRunResult;
  readonly endpoints: readonly Omit<Asked, 'figures'>[];
  readonly comparisons: readonly Comparison[];
  readonly drivers_without_week: number;
}

/** What does not pass, in whole; of what does, how much. */
export function printValidation(told: Told): void {
  const { validation, endpoints, comparisons } = told;
  console.log(
    `cabinet.validation as of ${validation.as_of}: ${validation.status}   run ${validation.run_id}`,
  );
  if (validation.error !== null) console.log(`  error: ${JSON.stringify(validation.error)}`);
  const { checks } = outcomes.safeParse(validation.report).data ?? { checks: [] };
  for (const [outcome, of] of Object.entries(Object.groupBy(checks, (each) => each.outcome)))
    console.log(`  ${String(of?.length ?? 0).padStart(4)}  ${outcome}`);
  for (const check of checks) {
    if (check.outcome !== 'FAILED' && check.outcome !== 'WARNING') continue;
    console.log(
      `  ${check.outcome}  ${check.name}: ${check.value ?? '-'} ${check.unit}. ${check.meaning} ${check.action}`,
    );
  }
  console.log('  endpoints');
  for (const { name, status, milliseconds, within_300_ms, problem } of endpoints) {
    const slow = within_300_ms ? '' : '   slower than 300 ms';
    console.log(
      `    ${name.padEnd(16)} ${status}  ${String(milliseconds).padStart(6)} ms${slow}${problem === null ? '' : `   ${problem}`}`,
    );
  }
  const different = comparisons.filter(({ equal }) => !equal);
  console.log(
    `  figures          ${comparisons.length - different.length} of ${comparisons.length} equal in endpoint and database`,
  );
  for (const { name, endpoint, sql } of different)
    console.log(`    ${name}: endpoint ${endpoint ?? '-'}, database ${sql ?? '-'}`);
  console.log(`  without a week   ${told.drivers_without_week} drivers`);
  console.log(told.all_passed ? '  all passed' : '  not all passed');
}
