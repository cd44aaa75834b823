import { auditClaim } from './audit/claim.ts';
import { runFigure } from './audit/figure.ts';
import { auditSeals } from './audit/seals.ts';
import { router } from './router.ts';

/** The reads of the audit trail: its seals, and what a figure stands on. */
export const auditReads = [auditSeals, auditClaim, runFigure];

export const handler = router('api audit', auditReads);
