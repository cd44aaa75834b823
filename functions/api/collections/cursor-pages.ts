/** Rows per round trip: enough to make trips rare, few enough to hold. */
const PAGE = 5_000;

/**
 * The rows of an open cursor, page by page: the query runs once, in one snapshot. Each export has a cursor of its own
 * name: a FETCH is prepared under its text, and one text for rows of two shapes fails on the second (0A000).
 * @param fetch `fetch forward 5000 from <cursor>`
 */
export async function* pagesOf<Row>(fetch: () => Promise<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  for (;;) {
    const page = await fetch();
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
  }
}
