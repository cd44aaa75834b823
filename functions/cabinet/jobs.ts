import { claimsReconcile } from './claims-reconcile.ts';
import { leadsReconcile } from './leads-reconcile.ts';
import { tripsLoad } from './trips-load.ts';
import { validation } from './validation.ts';

/** The bodies, for those who start or run any of them by name: the run API and the CLI. */
export const cabinetJobs = [tripsLoad, leadsReconcile, claimsReconcile, validation];
