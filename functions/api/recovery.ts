import { backfillsStart } from './recovery/backfills-start.ts';
import { backfillsSteer } from './recovery/backfills-steer.ts';
import { redriveStart } from './recovery/redrive.ts';
import { redrivesCancel } from './recovery/redrives-cancel.ts';
import { sweepNow } from './recovery/sweep-now.ts';
import { router } from './router.ts';

/** The operator's calls that are about many runs at once. */
export const recovery = [redriveStart, redrivesCancel, backfillsStart, ...backfillsSteer, sweepNow];

export const handler = router('api recovery', recovery);
