import { claimsGap } from './claims-gap.ts';
import { claimsGapSummary } from './claims-gap-summary.ts';
import { paymentsCase } from './payments-case.ts';
import { paymentsCauses } from './payments-causes.ts';
import { paymentsExamples } from './payments-examples.ts';
import { paymentsReconciliation } from './payments-reconciliation.ts';
import { paymentsWithoutAchievement } from './payments-without-achievement.ts';
import { router } from './router.ts';
import { runsDecisions } from './runs-decisions.ts';
import { runsList } from './runs-list.ts';
import { runsShow } from './runs-show.ts';

/** Every read; one Lambda, so that a warm one serves them all. */
export const reads = [
  claimsGap,
  claimsGapSummary,
  runsList,
  runsShow,
  runsDecisions,
  paymentsReconciliation,
  paymentsWithoutAchievement,
  paymentsCauses,
  paymentsExamples,
  paymentsCase,
];

export const handler = router('api read', reads);
