-- grain: one row per event of a lead or a scout's registration, and per person credited to a source
-- Of 1,000 leads of known persons 15 have no event, 5 one without a person, 5 one of somebody else, 5 one of another
-- channel; 10 of 1,000 persons were registered by a scout days before, which moves their day zero.
insert into observational.lead_events (source_table, source_pk, event_date, person_key, scout_id, payload_json, created_at)
select source_table, source_pk, event_date, person_key, scout_id, jsonb_build_object('origin_tag', origin_tag), event_date + 1
from (
  select
    'module_ct_cabinet_leads' as source_table, l.source_pk, l.lead_date as event_date,
    case
      when u.event < 0.02 then null
      when u.event < 0.025 then bench.person_key(l.person_no - 7)
      else p.person_key
    end as person_key,
    null::integer as scout_id,
    case when u.event >= 0.995 then 'fleet_migration' else 'cabinet' end as origin_tag
  from bench.lead l
  left join bench.person p on p.person_no = l.person_no and l.known
  cross join lateral (select bench.draw(l.lead_id, 'event') as event) u
  where u.event >= 0.015
  union all
  select
    'module_ct_scouting_daily', p.person_no::text,
    p.first_date + case when u.scouted < 0.01 then -1 - floor(u.scouted * 900)::integer else floor(u.scouted * 900)::integer end,
    p.person_key, 1 + (p.person_no % 40)::integer, 'cabinet'
  from bench.person p
  cross join lateral (select bench.draw(p.person_no, 'scouted') as scouted) u
  where u.scouted < 0.03
) e
order by event_date;

insert into observational.lead_ledger (
  person_key, attributed_source, attributed_scout_id, attribution_rule, attribution_score, confidence_level, evidence_json, decision_status)
select person_key, 'cabinet', 1 + (person_no % 40)::integer, 'BACKFILL_SINGLE_SCOUT_FROM_EVENTS', 0.90, 'high', '{}', 'assigned'
from bench.person
where bench.draw(person_no, 'credited') < 0.5
order by person_no;
