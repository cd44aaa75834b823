import * as z from 'zod';

/**
 * Where a page ended: the last row's sort key, base64url of JSON. It stays right when rows are added or removed
 * before it, which an offset does not. What it holds is checked like any other input.
 */
export function cursorOf(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The cursor behind a page; null when the page was not full, so nothing can follow. */
export function nextCursor<Row>(
  page: readonly Row[],
  limit: number,
  keyOf: (last: Row) => readonly (string | number)[],
): string | null {
  const last = page.length === limit ? page.at(-1) : undefined;
  return last === undefined ? null : cursorOf(keyOf(last));
}

const rule = 'must be the next_cursor of an earlier page';

/** The key's own schema must refuse what PostgreSQL would: integers beyond 32 bits, the year 0, NUL characters. */
export function cursor<Key extends z.ZodType>(key: Key) {
  return z
    .string()
    .regex(/^[\w-]{1,2000}$/, rule)
    .transform((text, context): z.output<Key> => {
      const result = key.safeParse(decode(text));
      if (result.success) return result.data;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    })
    .describe('The next_cursor of the page before, asked with the same filters.');
}

/** A text in a cursor's key, as an id of the data may be. */
export const keyText = z
  .string()
  .max(500)
  .regex(/^[^\0]*$/);

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
