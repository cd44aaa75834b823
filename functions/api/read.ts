import { claimsGap } from './claims-gap.ts';
import { claimsGapSummary } from './claims-gap-summary.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';

/** The reads that have no function of their own subject. */
export const reads = [claimsGap, claimsGapSummary, runsList, runsShow, runsDecisions];

export const handler = router('api read', reads);
