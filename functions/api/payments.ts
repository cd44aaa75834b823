import { paymentsCase } from './payments-case.ts';
import { paymentsCauses } from './payments-causes.ts';
import { paymentsExamples } from './payments-examples.ts';
import { paymentsReconciliation } from './payments-reconciliation.ts';
import { paymentsWithoutAchievement } from './payments-without-achievement.ts';
import { router } from './router.ts';

/** The reads of payments against achievements. */
export const paymentReads = [
  paymentsReconciliation,
  paymentsWithoutAchievement,
  paymentsCauses,
  paymentsExamples,
  paymentsCase,
];

export const handler = router('api payments', paymentReads);
