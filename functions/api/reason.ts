import * as z from 'zod';

/** What a person says who does something to a run: the ledger keeps it. */
export const reasoned = z
  .strictObject({
    reason: z
      .string()
      .trim()
      .min(1, 'must say why')
      .max(500, 'must be at most 500 characters')
      .describe('Why; the ledger keeps it with who said so.'),
  })
  .meta({ examples: [{ reason: 'The source was loaded late.' }] });
