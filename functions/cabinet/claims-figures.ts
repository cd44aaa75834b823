import { decided, everything, type JobFigures, measured, never } from '../core/figures.ts';
import { byMilestone, window } from './milestone-figures.ts';

const gap = 'ops.v_cabinet_claims_gap_14d';
const judged = {
  selected: byMilestone(),
  inserted: byMilestone('INSERTED'),
  would_insert: byMilestone('WOULD_INSERT'),
  already_exist: byMilestone('SKIPPED'),
  vetoed: byMilestone('VETOED'),
};

/** What the report of cabinet.claims-reconcile stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/claims-statement.ts',
  objects: [gap, 'ops.v_cabinet_claim_rules'],
  figures: {
    'window.*': window,
    only_gaps: { from: 'input', says: 'what the input asked for' },
    gaps_open_total: measured('open gaps before the run', gap),
    gaps_in_window: measured('of those the ones that the input selects', gap),
    gaps_found: everything,
    processed: everything,
    claims_inserted: decided('INSERTED'),
    would_insert: decided('WOULD_INSERT'),
    claims_updated: never,
    claims_skipped_paid: never,
    claims_skipped_rejected: never,
    claims_already_exist: decided('SKIPPED'),
    invalid_conditions: decided('VETOED'),
    errors: never,
    gaps_open_after: measured('open gaps that no claim of the run closed', gap),
    reduction_pct: {
      from: 'figures',
      of: ['gaps_open_total', 'gaps_open_after'],
      says: 'what the run closed, in percent of what was open',
    },
    ...Object.fromEntries(
      Object.entries(judged).flatMap(([measure, { count, amount }]) => [
        [`by_milestone.${measure}.*.count`, count],
        [`by_milestone.${measure}.*.amount`, amount],
      ]),
    ),
    'by_milestone.*': () => measured('open gaps by milestone: before the run, in its window, after it', gap),
  },
};
