-- grain: none; who may do what with identities
-- requires: canon.refresh_drivers_index, canon.judge_cabinet_leads, canon.foresee_cabinet_leads, canon.match_identities, canon.read_identity_keys, canon.fill_persons, canon.undo_identity_link, ops.analyze_changed, canon.v_drivers_index_changes, ops.v_cabinet_lead_stages, ops.v_identity_link_figures
-- These run as their owner, who reads names and phones; they hand out ids and figures.
revoke execute on function
  canon.refresh_drivers_index, canon.judge_cabinet_leads, canon.foresee_cabinet_leads, canon.match_identities,
  canon.read_identity_keys, canon.fill_persons, canon.undo_identity_link, ops.analyze_changed
from public;
grant execute on function
  canon.refresh_drivers_index, canon.judge_cabinet_leads, canon.foresee_cabinet_leads, canon.fill_persons,
  ops.analyze_changed
to cuadre_jobs;

-- A job makes links and events, and persons by canon.fill_persons alone; it can neither delete one nor take it from one person to another, events apart.
grant select on ops.v_cabinet_lead_stages, canon.v_drivers_index_changes, canon.identity_unmatched, canon.identity_link_undos, ops.cabinet_settings to cuadre_jobs;
grant select (source_table, source_pk), insert on canon.identity_links to cuadre_jobs;
grant insert, update (reason_code, details, candidates_preview, snapshot_date, status, resolved_at, reopened_at, job_run_id)
  on canon.identity_unmatched to cuadre_jobs;
grant select (id, source_table, source_pk, person_key, payload_json), insert, update (person_key, payload_json)
  on observational.lead_events to cuadre_jobs;

-- An operator undoes links, decides which unmatched rows are to be left alone, and names the target park.
grant execute on function canon.undo_identity_link to cuadre_operator;
grant select on canon.identity_link_undos to cuadre_operator;
grant update (status, resolved_at) on canon.identity_unmatched to cuadre_operator;
grant update (target_park_id) on ops.cabinet_settings to cuadre_operator;

-- Without evidence: links brought in from before may hold a phone there.
grant select (id, person_key, source_table, source_pk, snapshot_date, match_rule, match_score, confidence_level, linked_at, job_run_id)
  on canon.identity_links to cuadre_reader, cuadre_operator;
grant select (undo_id, source_table, source_pk, person_key, undone_at, undone_by, reason) on canon.identity_link_undos to cuadre_reader;
grant select on canon.identity_unmatched, ops.v_identity_link_figures, ops.cabinet_settings, ops.v_cabinet_lead_stages to cuadre_reader, cuadre_operator;
