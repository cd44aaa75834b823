import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { createTable } from '../support/transaction-faults.ts';

const run = promisify(execFile);
const database = testDatabase({ empty: true });
const script = new URL('../support/bare-driver.ts', import.meta.url).pathname;

beforeAll(() => database.admin.script(createTable));

/** What the child printed, or how it died. */
async function bare(max: number, fault: string): Promise<unknown> {
  try {
    const { stdout } = await run(process.execPath, [script, database.url(), String(max), fault]);
    return JSON.parse(stdout);
  } catch (error) {
    return { died: error instanceof Error ? error.message : String(error) };
  }
}

/** If one of these changes with the driver, look whether the guard is still needed, and in which form. */
test.each([
  {
    max: 1,
    fault: 'nothing lost',
    what: 'goes well, so the control itself is sound',
    outcome: { rows: { a: 2, b: 2 }, innocent: true, usable: true },
  },
  {
    max: 1,
    fault: 'killed between queries, another query once B has ended',
    what: 'commits a row of a transaction that was rejected',
    outcome: { a: 'Error', rows: { a: 1, b: 2 }, innocent: true, usable: true },
  },
  {
    max: 1,
    fault: 'killed between queries, the body throws in the middle of B',
    what: 'commits half of B, which resolves',
    outcome: { a: 'Error', rows: { a: 0, b: 1 }, innocent: false, usable: true },
  },
  {
    max: 1,
    fault: 'killed during a query',
    what: 'ends the process',
    outcome: { died: expect.stringContaining("TypeError: Cannot read properties of null (reading 'write')") },
  },
  {
    max: 5,
    fault: 'killed between queries, another query once B has ended',
    what: 'ends the process',
    outcome: { died: expect.stringContaining("TypeError: Cannot read properties of null (reading 'write')") },
  },
])("the driver's own begin, $max connection(s), $fault: $what", async ({ max, fault, outcome }) => {
  expect(await bare(max, fault)).toEqual(outcome);
});
