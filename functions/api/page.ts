import * as z from 'zod';
import { cursor, nextCursor } from '../core/cursor.ts';
import { wholeNumber } from '../core/http.ts';
import { nextCursorAnswer } from '../core/wire.ts';

/** The parameters by which every list is paged. */

export function limit(maximum: number, usual: number) {
  return wholeNumber(1, maximum).default(usual).describe('Rows of one page, at most.');
}

export const offset = wholeNumber(0, 999_999_999)
  .default(0)
  .describe('Rows to pass over. What comes or goes meanwhile shifts the pages; a cursor does not.');

const paged = {
  limit: z.int(),
  returned: z.int().describe('Rows of this page.'),
  next_cursor: nextCursorAnswer,
};

/** Of a list that is paged by cursor alone. */
export const cursorMeta = z.strictObject(paged).meta({ id: 'CursorPage' });

/** What cursorMeta says of a page. */
export function cursorPage<Row>(
  data: readonly Row[],
  most: number,
  keyOf: (last: Row) => readonly (string | number)[],
): z.output<typeof cursorMeta> {
  return { limit: most, returned: data.length, next_cursor: nextCursor(data, most, keyOf) };
}

/** Of a list that is newest first: when, as the driver writes it and in a year that PostgreSQL has, and the id. */
export const newestFirst = cursor(z.tuple([z.iso.datetime().regex(/^(?!0000)/), z.guid()])).optional();

export const pageMeta = z
  .strictObject({ ...paged, offset: z.int(), total: z.int().describe('Rows of the whole selection.') })
  .meta({ id: 'Page' });
