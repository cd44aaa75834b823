import type * as z from 'zod';
import type { Transaction } from '../../core/database.ts';

/** Rows per round trip: enough to make trips rare, few enough to hold. */
const PAGE = 5_000;

/** The rows of the transaction's open cursor `export_rows`, page by page: the query runs once, in one snapshot. */
export async function* pagesOf<S extends z.ZodType>(
  sql: Transaction,
  row: S,
): AsyncGenerator<readonly z.output<S>[]> {
  for (;;) {
    const page = await sql(row)`fetch forward 5000 from export_rows`;
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
  }
}
