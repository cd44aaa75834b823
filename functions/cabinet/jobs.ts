import { achievementsRecord } from './achievements-record.ts';
import { alertEvaluation } from './alert-evaluation.ts';
import { alertPublication } from './alert-publication.ts';
import { claimsReconcile } from './claims-reconcile.ts';
import { leadsReconcile } from './leads-reconcile.ts';
import { mvRefresh } from './mv-refresh.ts';
import { paymentsIngest } from './payments-ingest.ts';
import { tripsLoad } from './trips-load.ts';
import { uploadTake } from './upload-take.ts';
import { validation } from './validation.ts';

/** The bodies, for those who start or run any of them by name: the run API and the CLI. */
export const cabinetJobs = [
  paymentsIngest,
  tripsLoad,
  leadsReconcile,
  achievementsRecord,
  claimsReconcile,
  mvRefresh,
  validation,
  alertEvaluation,
  alertPublication,
  uploadTake,
];
