import { backfillsStart } from './recovery/backfills-start.ts';
import { backfillsSteer } from './recovery/backfills-steer.ts';
import { redriveStart } from './recovery/redrive.ts';
import { redrivesCancel } from './recovery/redrives-cancel.ts';
import { sweepNow } from './recovery/sweep-now.ts';
import { router } from './router.ts';
import { runsCancel } from './runs-cancel.ts';
import { runsRetry } from './runs-retry.ts';

/** The operator's calls about runs that there are: one, or many at once. */
export const recovery = [
  runsCancel,
  runsRetry,
  redriveStart,
  redrivesCancel,
  backfillsStart,
  ...backfillsSteer,
  sweepNow,
];

export const handler = router('api recovery', recovery);
