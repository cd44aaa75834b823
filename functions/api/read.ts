import { alertsList } from './alerts-list.ts';
import { cabinetLead } from './cabinet-lead.ts';
import { cabinetNight } from './cabinet-night.ts';
import { leadsDiagnostics } from './leads-diagnostics.ts';
import { backfillsList } from './recovery/backfills-list.ts';
import { backfillsShow } from './recovery/backfills-show.ts';
import { redrivesList } from './recovery/redrives-list.ts';
import { redrivesShow } from './recovery/redrives-show.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';
import { uploadsShow } from './uploads-show.ts';
import { validationReads } from './validation-reports/index.ts';

/** The reads that have no function of their own subject. */
export const reads = [
  runsList,
  runsShow,
  runsDecisions,
  redrivesList,
  redrivesShow,
  backfillsList,
  backfillsShow,
  alertsList,
  cabinetLead,
  cabinetNight,
  leadsDiagnostics,
  uploadsShow,
  ...validationReads,
];

export const handler = router('api read', reads);
