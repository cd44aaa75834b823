import * as z from 'zod';
import { instant } from '../../core/wire.ts';

export const redriveShape = {
  redrive_id: z.guid(),
  status: z.enum(['running', 'finished', 'cancelled']),
  filter: z.record(z.string(), z.json()).describe('What was asked for.'),
  rate_per_minute: z.int(),
  operator: z.string(),
  reason: z.string(),
  created_at: instant,
  finished_at: instant.nullable(),
  runs: z.int(),
  waiting: z.int().describe('Runs whose turn has not come.'),
  retried: z.int().describe('Runs that were taken up again.'),
  refused: z.int().describe('Runs that could not be any more when their turn came.'),
  cancelled: z.int(),
};

/** ops.v_redrives: a redrive with how far it is. */
export const redriveDocument = z.strictObject(redriveShape).meta({ id: 'Redrive' });
