import * as z from 'zod';
import { text } from './command.ts';

/** What says of a page whether there is more. */
export const pageMeta = z.looseObject({ next_cursor: z.string().nullable() });

/** Flag -> the API's name for it: what a list takes to find less, and to go on. */
export type Filters = Readonly<Record<string, string>>;

/** A list's own filters, and those by which every list is paged. */
export function filters(own: Filters): Filters {
  return { ...own, limit: 'limit', cursor: 'cursor' };
}

export function optionsOf(taken: Filters) {
  return Object.fromEntries(Object.keys(taken).map((flag) => [flag, text]));
}

export function usageOf(taken: Filters): string {
  return Object.keys(taken)
    .map((flag) => `[--${flag} ...]`)
    .join(' ');
}

/** The lines below a page that is not the last: no list ends without saying so. */
export function moreOf({ next_cursor: next }: z.output<typeof pageMeta>): string[] {
  return next === null ? [] : ['', `more: --cursor ${next}`];
}
