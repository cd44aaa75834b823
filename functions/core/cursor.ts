import * as z from 'zod';

/**
 * Where a page ended: the last row's sort key, base64url of JSON. It stays right when rows are added or removed
 * before it, which an offset does not. What it holds is checked like any other input.
 */
export function cursorOf(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

export function cursor<Key extends z.ZodType>(key: Key) {
  return z.string().transform((text, context): z.output<Key> => {
    const decoded = decode(text);
    const result = key.safeParse(decoded);
    if (result.success) return result.data;
    context.addIssue({ code: 'custom', message: 'must be the next_cursor of an earlier page' });
    return z.NEVER;
  });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
