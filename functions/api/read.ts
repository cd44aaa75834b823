import { alertsList } from './alerts-list.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';
import { validationReads } from './validation-reports/index.ts';

/** The reads that have no function of their own subject. */
export const reads = [runsList, runsShow, runsDecisions, alertsList, ...validationReads];

export const handler = router('api read', reads);
