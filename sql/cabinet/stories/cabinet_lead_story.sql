-- grain: one row for the lead asked for, none where there is no such lead with a date
-- requires: ops.v_cabinet_leads_limbo, ops.v_cabinet_claims_status_14d, observational.v_lead_events, ops.v_decisions, ops.in_window
-- The evidence of a link is that of the decision that made it: links brought in from before may hold a phone in theirs.
create or replace function ops.cabinet_lead_story(p_lead_id integer)
  returns table (lead jsonb, identity jsonb, event jsonb, trips jsonb, milestones jsonb, decisions jsonb)
  language sql stable
as $$
  with lead as materialized (
    select * from ops.v_cabinet_leads_limbo where lead_id = p_lead_id
  )
  select
    jsonb_build_object(
      'lead_id', l.lead_id, 'lead_source_pk', l.lead_source_pk, 'lead_date', l.lead_date, 'week_start', l.week_start,
      'window_end_14d', l.window_end_14d::date, 'person_key', l.person_key, 'driver_id', l.driver_id, 'trips_14d', l.trips_14d,
      'limbo_stage', l.limbo_stage, 'limbo_reason_detail', l.limbo_reason_detail, 'expected_amount_14d', l.expected_amount_14d::text),
    jsonb_build_object(
      'link', (
        select jsonb_build_object(
          'person_key', k.person_key, 'match_rule', k.match_rule, 'match_score', k.match_score, 'confidence_level', k.confidence_level,
          'linked_at', k.linked_at, 'run_id', j.run_id)
        from canon.identity_links k left join ops.job_runs j on j.job_run_id = k.job_run_id
        where k.source_table = 'module_ct_cabinet_leads' and k.source_pk = l.lead_source_pk),
      'unmatched', (
        select jsonb_build_object(
          'reason_code', u.reason_code, 'status', u.status, 'rules', u.details -> 'rules', 'since', u.created_at,
          'resolved_at', u.resolved_at, 'run_id', j.run_id)
        from canon.identity_unmatched u left join ops.job_runs j on j.job_run_id = u.job_run_id
        where u.source_table = 'module_ct_cabinet_leads' and u.source_pk = l.lead_source_pk),
      'undone', coalesce((
        select jsonb_agg(jsonb_build_object('person_key', u.person_key, 'undone_at', u.undone_at, 'undone_by', u.undone_by, 'reason', u.reason)
                         order by u.undo_id desc)
        from canon.identity_link_undos u
        where u.source_table = 'module_ct_cabinet_leads' and u.source_pk = l.lead_source_pk), '[]'),
      'drivers_of_person', coalesce((
        select jsonb_agg(jsonb_build_object('driver_id', d.source_pk, 'match_rule', d.match_rule, 'linked_at', d.linked_at, 'resolves', d.source_pk = l.driver_id)
                         order by d.linked_at desc nulls last, d.source_pk)
        from canon.identity_links d
        where d.source_table = 'drivers' and d.person_key = l.person_key), '[]')),
    (
      select jsonb_build_object('event_date', e.event_date, 'person_key', e.person_key, 'origin_tag', e.origin_tag)
      from observational.v_lead_events e
      where e.source_table = 'module_ct_cabinet_leads' and e.source_pk = l.lead_source_pk),
    coalesce((
      select jsonb_agg(jsonb_build_object('trip_date', d.trip_date, 'trips', d.trips, 'trips_to_date', d.trips_to_date) order by d.trip_date)
      from (
        select t.trip_date, t.trips, sum(t.trips) over (order by t.trip_date) as trips_to_date
        from canon.driver_day_trips t
        where t.driver_id = l.driver_id and ops.in_window(t.trip_date, l.lead_date, 14) and t.trips > 0
      ) d), '[]'),
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'milestone_value', s.milestone_value, 'milestone_achieved', s.milestone_achieved, 'claim_expected', s.claim_expected,
        'expected_amount', s.expected_amount::text, 'gap_reason', s.gap_reason, 'gap_detail', s.gap_detail, 'claim_id', s.claim_id, 'claim_status', c.status,
        'claim_generated_at', c.generated_at, 'claim_paid_at', c.paid_at, 'run_id', j.run_id) order by s.milestone_value)
      from ops.v_cabinet_claims_status_14d s
      left join canon.claims_yango_cabinet_14d c on c.claim_id = s.claim_id
      left join ops.job_runs j on j.job_run_id = c.job_run_id
      where s.lead_id = l.lead_id), '[]'),
    coalesce((
      select jsonb_agg(to_jsonb(d) - 'decision_id' order by d.decision_id desc)
      from (
        select * from ops.v_decisions
        where subject in (format('lead:%s', l.lead_id), format('lead:%s/M1', l.lead_id), format('lead:%s/M5', l.lead_id), format('lead:%s/M25', l.lead_id))
        order by decision_id desc limit 50
      ) d), '[]')
  from lead l;
$$;

comment on function ops.cabinet_lead_story is 'All there is about one lead: stage, identity with the rules asked, event, trips, milestones with their claims, and the latest 50 decisions.';
