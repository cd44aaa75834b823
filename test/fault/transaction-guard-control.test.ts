import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase } from '../support/database.ts';
import { createTable } from '../support/transaction-faults.ts';

const run = promisify(execFile);
const database = testDatabase({ empty: true });
const script = new URL('../support/bare-driver.ts', import.meta.url).pathname;

beforeAll(() => database.admin.script(createTable));

const settled = z.object({
  a: z.string().optional(),
  rows: z.object({ a: z.number(), b: z.number() }),
  innocent: z.boolean(),
  usable: z.boolean(),
});

/** What became of the trial in the child. */
async function bare(max: number, fault: string) {
  const child = await run(process.execPath, [script, database.url(), String(max), fault]).catch(
    (error: unknown) => ({ stdout: JSON.stringify({ died: String(error) }) }),
  );
  const end: unknown = JSON.parse(child.stdout);
  const outcome = settled.safeParse(end).data;
  if (outcome === undefined) return { end, safe: false };
  const leaked = outcome.a !== undefined && outcome.rows.a > 0;
  return { end, safe: outcome.innocent && outcome.usable && !leaked };
}

test('the control itself is sound: where nothing is lost, nothing goes wrong', async () => {
  expect(await bare(1, 'nothing lost')).toMatchObject({ safe: true, end: { rows: { a: 2, b: 2 } } });
});

/**
 * Rows of a rejected transaction, half of an innocent one, a dead process or a hang: which one depends on timing in
 * some cases, that it is one of them does not. If one turns safe with a new driver, look what the guard is still for.
 */
test.each([
  [1, 'killed between queries, another query once B has ended'],
  [1, 'killed between queries, the body throws in the middle of B'],
  [1, 'killed during a query'],
  [5, 'killed between queries, another query once B has ended'],
  [5, 'killed during a query'],
])("the driver's own begin is not safe: %i connection(s), %s", async (max, fault) => {
  const { end, safe } = await bare(max, fault);
  console.log(`bare driver, ${max} connection(s), ${fault}: ${JSON.stringify(end).slice(0, 400)}`);
  expect(safe).toBe(false);
  // A child that died of anything else would prove nothing.
  expect(end).toSatisfy((any: object) => !('died' in any) || String(any.died).includes("(reading 'write')"));
});
