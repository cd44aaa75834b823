import { alertsList } from './alerts-list.ts';
import { cabinetLead } from './cabinet-lead.ts';
import { cabinetNight } from './cabinet-night.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';

/** The reads that have no function of their own subject. */
export const reads = [runsList, runsShow, runsDecisions, alertsList, cabinetLead, cabinetNight];

export const handler = router('api read', reads);
