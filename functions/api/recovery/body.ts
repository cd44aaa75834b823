import * as z from 'zod';

/** A text in a body that is compared with texts of the ledger. */
export const bodyWord = z
  .string()
  .min(1, 'must be a text of 1 to 100 characters')
  .max(100, 'must be a text of 1 to 100 characters');

/** A moment, in a year that PostgreSQL has. */
export const bodyInstant = z.iso
  .datetime({ offset: true, error: 'must be a moment with its offset, as 2026-01-13T02:00:00Z' })
  .regex(/^(?!0000)/, 'must be a moment in a year after 0');
