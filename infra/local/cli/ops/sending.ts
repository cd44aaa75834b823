import * as z from 'zod';
import type { ExitCode } from '../main.ts';

/** What an answer says of the messages of what was set going. */
export const sending = {
  unsent: z.int(),
  warning: z.string().nullable(),
};

type Sending = z.output<z.ZodObject<typeof sending>>;

/** Below what was done: that it does not begin yet, and what to do. */
export function warningOf({ warning }: Sending): string[] {
  return warning === null ? [] : ['', `warning: ${warning}`];
}

/** It was done, and somebody has to look at it. */
export function codeOf({ unsent }: Sending): ExitCode {
  return unsent > 0 ? 1 : 0;
}
