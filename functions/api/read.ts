import { alertsList } from './alerts-list.ts';
import { claimsGap } from './claims-gap.ts';
import { claimsGapSummary } from './claims-gap-summary.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';

/** Every read; one Lambda, so that a warm one serves them all. */
export const reads = [claimsGap, claimsGapSummary, runsList, runsShow, runsDecisions, alertsList];

export const handler = router('api read', reads);
