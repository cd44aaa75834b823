import * as z from 'zod';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { ingestPayments } from './payments-statement.ts';
import { cabinetDaily } from './pipeline.ts';

/** Adds to the payment ledger what the payer says today and did not say before. Nothing in the ledger ever changes. */
export const paymentsIngest = job({
  name: 'cabinet.payments-ingest',
  input: z.strictObject({}),
  async run({ dryRun, sql, jobRunId }) {
    return { report: await ingestPayments(sql, jobRunId, dryRun) };
  },
});

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, paymentsIngest);
