import { counted, decided, everything, type JobFigures, measured, never, only } from '../core/figures.ts';
import { window } from './milestone-figures.ts';

const stage = (stage_: string, ...decisions: string[]) =>
  counted({ ...only(decisions), evidence: { limbo_stage: stage_ } });

/** What the report of cabinet.leads-reconcile stands on. */
export const figures: JobFigures = {
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
