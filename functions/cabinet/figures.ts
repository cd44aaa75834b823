import type { DecisionFilter, JobFigures, Trace } from '../core/figures.ts';
import { PROBE_TYPE } from './alert-message.ts';

/** What each figure of each report of the cabinet's jobs stands on. A test holds it against the reports of a night. */

const decided = (...decisions: string[]): Trace => ({ from: 'decisions', filter: { decisions } });
const counted = (filter: DecisionFilter): Trace => ({ from: 'decisions', filter });
const measured = (says: string, ...relations: string[]): Trace => ({ from: 'measured', in: relations, says });
const everything: Trace = { from: 'decisions', filter: {} };
const never: Trace = { from: 'nothing', says: 'kept for those who read it; nothing can raise it any more' };
const window: Trace = { from: 'input', says: 'the business day, and what the input’s daysBack makes of it' };

/** `total` is of all milestones. */
const ofMilestone = (milestone: string): Pick<DecisionFilter, 'evidence'> =>
  milestone === 'total' ? {} : { evidence: { milestone: Number(milestone) } };
const byMilestone = (...decisions: string[]) => ({
  count: (milestone: string): Trace => counted({ ...only(decisions), ...ofMilestone(milestone) }),
  amount: (milestone: string): Trace => ({
    from: 'decisions',
    filter: { ...only(decisions), ...ofMilestone(milestone) },
    sum: 'amount',
  }),
});
const only = (decisions: readonly string[]) => (decisions.length === 0 ? {} : { decisions });

const paymentsIngest: JobFigures = {
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

const tripsLoad: JobFigures = {
  statement: 'functions/cabinet/trips-statement.ts',
  objects: [],
  figures: {
    since: measured(
      'the newest row of the load before, less the overlap',
      'canon.driver_day_trips',
      'canon.trip_rejects',
      'ops.uploads',
    ),
    source_rows: measured('rows of the upstream that were read', 'public.summary_daily'),
    'facts_*': () =>
      measured(
        'days by what this load did with them; a day has no decision of its own',
        'canon.driver_day_trips',
      ),
    'rejects_new.*': (reason) => counted({ reasons: [reason] }),
    rejects_removed: measured('rejects whose row left the source, or won its day', 'canon.trip_rejects'),
    'rejects_total.*': () => measured('rejects of the reason after the load', 'canon.trip_rejects'),
  },
};

const stage = (stage_: string, ...decisions: string[]) =>
  counted({ ...only(decisions), evidence: { limbo_stage: stage_ } });

const leadsReconcile: JobFigures = {
  statement: 'functions/cabinet/leads-statement.ts',
  objects: [
    'ops.v_cabinet_lead_stages',
    'canon.judge_cabinet_leads',
    'canon.foresee_cabinet_leads',
    'canon.match_identities',
  ],
  figures: {
    'window.*': window,
    target_park_id: measured('the park whose drivers come first', 'ops.cabinet_settings'),
    'drivers_index.*': () =>
      measured('drivers whose keys changed', 'canon.drivers_index', 'canon.v_drivers_index_changes'),
    limbo_found: measured('leads in limbo before the run', 'ops.v_cabinet_lead_stages'),
    selected: everything,
    rounds: measured('how often the leads were judged', 'canon.identity_links'),
    processed: everything,
    matched: decided('MATCHED'),
    would_match: decided('WOULD_MATCH'),
    unmatched: decided('UNMATCHED'),
    skipped: decided('SKIPPED'),
    newly_linked: counted({ evidence: { gains_link: true } }),
    newly_driver_mapped: counted({ evidence: { gains_driver: true } }),
    still_no_candidates: counted({ reasons: ['NO_CANDIDATES'] }),
    conflicts: counted({ reasons: ['MULTIPLE_CANDIDATES', 'PERSON_CONFLICT'] }),
    events_repaired: counted({ has: 'event_repair' }),
    'by_reason.*': (reason) => counted({ reasons: [reason] }),
    'by_rule.*': (rule) => counted({ decisions: ['MATCHED', 'WOULD_MATCH'], details: [rule] }),
    'selected_by_week.*': (week) => counted({ evidence: { week_start: week } }),
    persons_filled: measured(
      'persons that were made, or gained a name, phone or licence',
      'canon.identity_registry',
    ),
    errors: never,
    first_and_last_selected_lead_date: { from: 'extent', filter: {}, of: 'lead_date' },
    'by_stage.*.selected': (of) => stage(of),
    'by_stage.*.matched': (of) => stage(of, 'MATCHED', 'WOULD_MATCH'),
    'by_stage.*.unmatched': (of) => stage(of, 'UNMATCHED'),
    'by_stage.*.skipped': (of) => stage(of, 'SKIPPED'),
    'stages.*': () =>
      measured('leads by limbo stage, before the run and after it', 'ops.v_cabinet_lead_stages'),
  },
};

const achieved = byMilestone('RECORDED', 'WOULD_RECORD');

const achievementsRecord: JobFigures = {
  statement: 'functions/cabinet/achievements-statement.ts',
  objects: ['ops.v_cabinet_achievements_today'],
  figures: {
    calculated: measured('milestones reached by that day’s calculation', 'ops.v_cabinet_achievements_today'),
    recorded: decided('RECORDED'),
    would_record: decided('WOULD_RECORD'),
    same: measured(
      'recorded before, and worked out the same',
      'ops.v_cabinet_achievements_today',
      'canon.milestone_achievements',
    ),
    would_differ: decided('KEPT'),
    'by_milestone.*.count': achieved.count,
    'by_milestone.*.amount': achieved.amount,
  },
};

const gap = 'ops.v_cabinet_claims_gap_14d';
const judged = {
  selected: byMilestone(),
  inserted: byMilestone('INSERTED'),
  would_insert: byMilestone('WOULD_INSERT'),
  already_exist: byMilestone('SKIPPED'),
  vetoed: byMilestone('VETOED'),
};

const claimsReconcile: JobFigures = {
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

const mvRefresh: JobFigures = {
  statement: 'functions/cabinet/mv-refresh.ts',
  objects: ['ops.v_materialized_views', 'ops.refresh_materialized_view'],
  figures: {
    refreshed: decided('REFRESHED'),
    would_refresh: decided('WOULD_REFRESH'),
    failed: decided('FAILED'),
    skipped: decided('SKIPPED'),
    rows: { from: 'decisions', filter: {}, sum: 'rows' },
    duration_ms: { from: 'decisions', filter: {}, sum: 'duration_ms' },
  },
};

const checked = (name: string, subject: string): Trace => ({
  from: 'rows',
  relation: 'ops.check_values',
  where: { name, subject },
  column: 'value',
});

const validation: JobFigures = {
  statement: 'functions/cabinet/validation-statement.ts',
  objects: ['ops.v_cabinet_check_list', 'ops.cabinet_check_values'],
  figures: {
    as_of: { from: 'input', says: 'the business day' },
    all_passed: { from: 'figures', of: ['failed'], says: 'whether no check failed' },
    passed: decided('PASSED'),
    warnings: decided('WARNING'),
    failed: decided('FAILED'),
    informed: decided('INFORMED'),
    not_evaluated: decided('NOT_EVALUATED'),
    checks: everything,
    // The name of a check holds no dot; what its value is of may.
    'figures.*': (path) => {
      const [name = '', ...subject] = path.split('.');
      return checked(name, subject.length === 0 ? 'total' : subject.join('.'));
    },
    correlation: measured(
      'sums by table, by week and by row, side by side',
      'ops.cabinet_cobranza_correlation',
    ),
    performance: { from: 'rows', relation: 'ops.check_values', where: { name: 'performance' } },
  },
};

const alertEvaluation: JobFigures = {
  statement: 'functions/cabinet/alert-statement.ts',
  objects: ['ops.v_cabinet_metrics', 'ops.v_alert_rules_in_force'],
  figures: {
    evaluated: everything,
    triggered: decided('TRIGGERED'),
    quiet: decided('QUIET'),
    not_evaluated: decided('NOT_EVALUATED'),
    snapshots_added: { from: 'rows', relation: 'ops.metric_snapshots', where: {} },
    'stats.*': (metric) => ({
      from: 'rows',
      relation: 'ops.metric_snapshots',
      where: { metric, subject: 'cabinet' },
      column: 'value',
    }),
    has_alerts: { from: 'decisions', filter: { decisions: ['TRIGGERED'] }, any: true },
    alerts: decided('TRIGGERED'),
  },
};

const alertPublication: JobFigures = {
  statement: 'functions/cabinet/alert-publication.ts',
  objects: ['ops.v_publications_due'],
  figures: {
    sent: counted({ decisions: ['SENT'], notSubjects: [PROBE_TYPE] }),
    would_be_sent: decided('WOULD_BE_SENT'),
    probe_sent: { from: 'decisions', filter: { decisions: ['SENT'], subjects: [PROBE_TYPE] }, any: true },
  },
};

const uploadTake: JobFigures = {
  statement: 'functions/cabinet/upload-take.ts',
  objects: ['ops.take_upload'],
  figures: {
    good: measured('rows of the file that would be taken', 'ops.upload_requests'),
    errors: measured('what is wrong with the file’s lines', 'ops.upload_rejects'),
    differences: measured('lines whose key is there with other content', 'ops.upload_rejects'),
    '*': (column) => ({ from: 'rows', relation: 'ops.uploads', where: {}, column }),
  },
};

export const cabinetFigures: Readonly<Record<string, JobFigures>> = {
  'cabinet.payments-ingest': paymentsIngest,
  'cabinet.trips-load': tripsLoad,
  'cabinet.leads-reconcile': leadsReconcile,
  'cabinet.achievements-record': achievementsRecord,
  'cabinet.claims-reconcile': claimsReconcile,
  'cabinet.mv-refresh': mvRefresh,
  'cabinet.validation': validation,
  'cabinet.alert-evaluation': alertEvaluation,
  'cabinet.alert-publication': alertPublication,
  'cabinet.upload-take': uploadTake,
};
