import { auditSeals } from './audit/seals.ts';
import { router } from './router.ts';

/** The reads of the audit trail: its seals, and what a figure stands on. */
export const auditReads = [auditSeals];

export const handler = router('api audit', auditReads);
