import * as z from 'zod';
import { counted, decided, type JobFigures, measured } from '../core/figures.ts';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { ingestPayments } from './payments-statement.ts';
import { cabinetDaily } from './pipeline.ts';

export const input = z.strictObject({});

/** Adds to the payment ledger what the payer says today and did not say before. Nothing in the ledger ever changes. */
export const paymentsIngest = /* @__PURE__ */ job({
  name: 'cabinet.payments-ingest',
  input,
  async run({ dryRun, sql, jobRunId }) {
    return { report: await ingestPayments(sql, jobRunId, dryRun) };
  },
});

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/payments-statement.ts',
  objects: ['ops.v_yango_payments_raw_current', 'ops.v_yango_payment_source_counts', 'ops.v_driver_of_name'],
  figures: {
    source_rows: measured('rows of the payer’s table', 'ops.v_yango_payment_source_counts'),
    rows_without_name: measured('of those the ones that name nobody', 'ops.v_yango_payment_source_counts'),
    payments: measured('one per row and flag that is not NULL', 'ops.v_yango_payments_raw_current'),
    unchanged: {
      from: 'figures',
      of: ['payments', 'recorded', 'would_record'],
      says: 'payments less those that were recorded, or would be',
    },
    recorded: decided('RECORDED'),
    would_record: decided('WOULD_RECORD'),
    'by_reason.*': (reason) => counted({ reasons: [reason] }),
    'by_match_rule.*': (rule) => counted({ details: [rule] }),
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, paymentsIngest);
