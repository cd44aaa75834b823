import * as z from 'zod';
import { json, type Sql } from '../core/database.ts';

const byStage = z.record(z.string(), z.int());
const table = z.record(z.string(), byStage);

/** A lead as it was selected, for the round that decides on it. */
const postponed = z.strictObject({
  lead_id: z.int(),
  lead_source_pk: z.string(),
  lead_date: z.string(),
  week_start: z.string(),
  person_key: z.string().nullable(),
  limbo_stage: z.string(),
});
export type Postponed = z.infer<typeof postponed>;

/** Every figure but the first two is a count of the round's decisions, over all of them. */
const reconciled = z.strictObject({
  /** All leads by limbo stage, before the run; of the first round alone, as is limbo_found. */
  before: byStage,
  limbo_found: z.int(),
  selected: z.int(),
  matched: z.int(),
  would_match: z.int(),
  unmatched: z.int(),
  skipped: z.int(),
  newly_linked: z.int(),
  newly_driver_mapped: z.int(),
  still_no_candidates: z.int(),
  conflicts: z.int(),
  events_repaired: z.int(),
  persons_filled: z.int(),
  first_lead_date: z.iso.date().nullable(),
  last_lead_date: z.iso.date().nullable(),
  by_stage: table,
  by_reason: byStage,
  by_rule: byStage,
  selected_by_week: byStage,
  /** Selected and not decided on, in the order in which they were taken: what this round linked may concern them. */
  postponed: z.array(postponed),
});
export type Reconciled = z.infer<typeof reconciled>;

export interface Selection {
  /** Recent leads are those on or after it; null for all. Without meaning when onlyLimbo. */
  readonly cutoff: string | null;
  readonly onlyLimbo: boolean;
  readonly limit: number;
  readonly repairEvents: boolean;
  readonly targetPark: string;
}

/**
 * One round: selects the leads, judges those without a driver, and writes links, persons, unmatched rows, events and a
 * decision per lead, in one statement and one snapshot: what it judges is the state before the round. docs/cabinet-leads.md.
 * A lead that could not be linked, though a rule found a driver, is postponed when the round linked anybody.
 * @param left the leads that the round before postponed; null in the first round, which selects them
 */
export async function reconcileRound(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  { cutoff, onlyLimbo, limit, repairEvents, targetPark }: Selection,
  left: readonly Postponed[] | null,
): Promise<Reconciled> {
  const [row] = await sql(reconciled)`
    with stage as materialized (
      select lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, limbo_stage,
             limbo_stage in ('NO_IDENTITY', 'NO_DRIVER', 'TRIPS_NO_CLAIM') as in_limbo
      from ops.v_cabinet_lead_stages
      where ${left === null}::boolean
    ), wanted as not materialized (
      select * from (
        select s.*, case
                 when not ${onlyLimbo}::boolean and (${cutoff}::date is null or lead_date >= ${cutoff}::date) then 1
                 when in_limbo then 2
               end as tier
        from stage s
      ) tiers
      where tier is not null
    ), doubled as materialized (
      -- Counting keys takes a third of the time of sorting all leads by them, for a case that hardly occurs.
      select lead_source_pk from wanted group by lead_source_pk having count(*) > 1
    ), once as (
      select * from wanted where lead_source_pk not in (select lead_source_pk from doubled)
      union all
      (select distinct on (lead_source_pk) * from wanted where lead_source_pk in (select lead_source_pk from doubled)
       order by lead_source_pk, tier, lead_date desc, lead_id desc)
    ), selected as materialized (
      (select lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, limbo_stage,
              row_number() over (order by tier, lead_date desc, lead_id desc) as place
       from once
       order by tier, lead_date desc, lead_id desc limit ${limit}::integer)
      union all
      select lead_id, lead_source_pk, lead_date, week_start, person_key, null, limbo_stage, place
      from rows from (jsonb_to_recordset(${json(left ?? [])}) as (
             lead_id integer, lead_source_pk text, lead_date date, week_start date, person_key uuid, limbo_stage text))
           with ordinality l (lead_id, lead_source_pk, lead_date, week_start, person_key, limbo_stage, place)
    ), without_driver as (
      select array_agg(lead_id) as lead_ids from selected where driver_id is null
    ), judged as materialized (
      select j.* from without_driver w cross join lateral canon.judge_cabinet_leads(w.lead_ids, ${targetPark}) j
      where not ${dryRun}::boolean
      union all
      select j.* from without_driver w cross join lateral canon.foresee_cabinet_leads(w.lead_ids, ${targetPark}) j
      where ${dryRun}::boolean
    ), found as materialized (
      select distinct person_key from judged where outcome = 'MATCHED'
    ), weighed as materialized (
      -- In the order in which they were taken: all that is written below is read from here in it, and no insert sorts again.
      -- A lead gains a driver also when another lead of its person found one.
      select
        s.lead_id, s.lead_source_pk, s.lead_date, s.week_start, s.limbo_stage, s.place,
        s.person_key as person_before, s.driver_id as driver_before,
        coalesce(j.outcome, 'SKIPPED') as outcome, j.reason, j.rule, j.score, j.confidence, j.driver_id, j.person_key,
        j.person_from, j.rules, coalesce(j.outcome = 'MATCHED' and j.link_driver, false) as link_driver,
        coalesce(j.outcome = 'MATCHED' and s.person_key is null, false) as gains_link, p.person_after,
        s.driver_id is null and f.person_key is not null as gains_driver,
        case
          when not ${repairEvents}::boolean or p.person_after is null then null
          when e.id is null then 'INSERTED'
          when e.person_key is distinct from p.person_after then 'UPDATED'
        end as event_repair,
        -- Its verdict rests on who the drivers are that its rules found, and somebody has just become one. A dry run links nobody.
        coalesce(j.outcome = 'UNMATCHED' and f.person_key is null and not ${dryRun}::boolean
          and exists (select from found) and jsonb_path_exists(j.rules, '$.*.driver_id'), false) as postponed
      from selected s
      left join judged j on j.lead_id = s.lead_id
      cross join lateral (select case when j.outcome = 'MATCHED' then j.person_key else s.person_key end as person_after) p
      left join found f on f.person_key = p.person_after
      left join observational.lead_events e on e.source_table = 'module_ct_cabinet_leads' and e.source_pk = s.lead_source_pk
      order by s.place
    ), lead as not materialized (
      select * from weighed where not postponed
    ), lead_links as (
      insert into canon.identity_links (person_key, source_table, source_pk, snapshot_date, match_rule, match_score,
                                        confidence_level, evidence, job_run_id)
      select person_key, 'module_ct_cabinet_leads', lead_source_pk, lead_date, rule, score, confidence,
             jsonb_build_object('driver_id', driver_id, 'person_from', person_from, 'rules', rules), ${jobRunId}::uuid
      from lead where gains_link and not ${dryRun}::boolean
      on conflict (source_table, source_pk) do nothing
      returning source_pk
    ), meanwhile as materialized (
      -- Somebody else linked it while this statement was at work: theirs stays.
      select lead_source_pk from lead
      where gains_link and not ${dryRun}::boolean
        and (select count(*) from lead_links) <> (select count(*) from lead where gains_link)
        and lead_source_pk not in (select source_pk from lead_links)
    ), persons as materialized (
      select canon.fill_persons(
               array_agg(person_key), array_agg(lead_id), array_agg(case when person_from = 'NEW' then driver_id end),
               array_agg(confidence = 'HIGH'), array_agg(lead_source_pk not in (select lead_source_pk from meanwhile))) as filled
      from lead where outcome = 'MATCHED' and not ${dryRun}::boolean
      having count(*) > 0
    ), driver_links as (
      insert into canon.identity_links (person_key, source_table, source_pk, snapshot_date, match_rule, match_score,
                                        confidence_level, evidence, job_run_id)
      select person_key, 'drivers', driver_id, lead_date, 'DRIVER_MATCH', 100, 'HIGH'::canon.confidence_level,
             jsonb_build_object('rule', rule, 'lead_source_pk', lead_source_pk, 'person_from', person_from), ${jobRunId}::uuid
      from (
        select distinct on (driver_id) driver_id, person_key, lead_date, rule, lead_source_pk, person_from
        from lead where link_driver and not ${dryRun}::boolean
        order by driver_id, place
      ) first
      on conflict (source_table, source_pk) do nothing
    ), unmatched as (
      insert into canon.identity_unmatched as u (source_table, source_pk, snapshot_date, reason_code, details,
                                                 candidates_preview, status, resolved_at, job_run_id)
      select 'module_ct_cabinet_leads', lead_source_pk, lead_date, reason::canon.unmatched_reason,
             jsonb_build_object('limbo_stage', limbo_stage, 'rules', rules),
             (select jsonb_agg(a.value -> 'candidates' order by a.key) from jsonb_each(rules) a where a.value ? 'candidates'),
             case when gains_driver then 'RESOLVED' else 'OPEN' end::canon.unmatched_status,
             case when gains_driver then now() end, ${jobRunId}::uuid
      from lead where outcome = 'UNMATCHED' and not ${dryRun}::boolean
      on conflict (source_table, source_pk) do update
      set snapshot_date = excluded.snapshot_date, reason_code = excluded.reason_code, details = excluded.details,
          candidates_preview = excluded.candidates_preview, status = excluded.status, resolved_at = excluded.resolved_at,
          reopened_at = case when u.status = 'RESOLVED' and excluded.status = 'OPEN' then now() else u.reopened_at end,
          job_run_id = excluded.job_run_id
      where u.status <> 'IGNORED'
        and (u.snapshot_date, u.reason_code, u.details, u.candidates_preview, u.status)
            is distinct from (excluded.snapshot_date, excluded.reason_code, excluded.details, excluded.candidates_preview, excluded.status)
    ), resolved as (
      update canon.identity_unmatched u
      set status = 'RESOLVED', resolved_at = now(), job_run_id = ${jobRunId}::uuid
      from lead l
      where l.outcome <> 'UNMATCHED' and not ${dryRun}::boolean
        and u.source_table = 'module_ct_cabinet_leads' and u.source_pk = l.lead_source_pk and u.status = 'OPEN'
    ), events as (
      insert into observational.lead_events as e (source_table, source_pk, event_date, person_key, payload_json)
      select 'module_ct_cabinet_leads', lead_source_pk, lead_date, person_after,
             -- Once and not per event.
             (select jsonb_build_object('origin_tag', 'cabinet', 'matched_by', 'identity_link', 'job_run_id', ${jobRunId}::uuid))
      from lead where event_repair is not null and not ${dryRun}::boolean
      on conflict (source_table, source_pk) do update
      set person_key = excluded.person_key,
          payload_json = coalesce(e.payload_json, '{}') || jsonb_build_object(
            'matched_by', 'identity_link', 'job_run_id', ${jobRunId}::uuid, 'previous_person_key', e.person_key)
    ), told as not materialized (
      select l.*, m.meanwhile,
             case when l.outcome = 'MATCHED' and ${dryRun}::boolean then 'WOULD_MATCH' when m.meanwhile then 'SKIPPED' else l.outcome end as decision
      from lead l
      cross join lateral (select l.gains_link and l.lead_source_pk in (select lead_source_pk from meanwhile) as meanwhile) m
    ), decided as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select
        ${jobRunId}::uuid, 'lead:' || t.lead_id, t.decision,
        case when t.outcome = 'SKIPPED' then 'HAS_DRIVER' when t.meanwhile then 'LINKED_MEANWHILE' else t.reason end,
        t.rule,
        -- From a row and not pair by pair: half the time; and from its text: of that three fifths.
        case when t.outcome = 'SKIPPED' then row_to_json(skipped)::text::jsonb else row_to_json(judged)::text::jsonb end
      from told t
      cross join lateral (
        select t.lead_id, t.lead_source_pk, t.lead_date, t.week_start, t.limbo_stage, t.person_before, t.gains_link,
               t.gains_driver, t.event_repair, t.driver_before as driver_id
      ) skipped
      cross join lateral (
        select t.lead_id, t.lead_source_pk, t.lead_date, t.week_start, t.limbo_stage, t.person_before,
               t.gains_link and not t.meanwhile as gains_link, t.gains_driver and not t.meanwhile as gains_driver, t.event_repair,
               t.rule, t.score, t.confidence, t.driver_id, t.person_key, t.person_from, t.link_driver, t.rules,
               canon.normaliser_version() as normaliser_version
      ) judged
    ), figure as materialized (
      select
        grouping(limbo_stage, reason, rule, week_start) as part, limbo_stage, reason, rule, week_start,
        count(*)::integer as selected,
        (count(*) filter (where decision = 'MATCHED'))::integer as matched,
        (count(*) filter (where decision = 'WOULD_MATCH'))::integer as would_match,
        (count(*) filter (where decision = 'UNMATCHED'))::integer as unmatched,
        (count(*) filter (where decision = 'SKIPPED'))::integer as skipped,
        (count(*) filter (where gains_link and not meanwhile))::integer as newly_linked,
        (count(*) filter (where gains_driver and not meanwhile))::integer as newly_driver_mapped,
        (count(*) filter (where reason = 'NO_CANDIDATES'))::integer as still_no_candidates,
        (count(*) filter (where reason in ('MULTIPLE_CANDIDATES', 'PERSON_CONFLICT')))::integer as conflicts,
        count(event_repair)::integer as events_repaired,
        max(lead_date) as first_lead_date, min(lead_date) as last_lead_date
      from (
        select limbo_stage, week_start, lead_date, decision, meanwhile, gains_link, gains_driver, event_repair, reason,
               case when decision in ('MATCHED', 'WOULD_MATCH') then rule end as rule
        from told
      ) t
      group by grouping sets ((), (limbo_stage), (reason), (rule), (week_start))
    )
    select
      (select coalesce(jsonb_object_agg(limbo_stage, n), '{}') from (select limbo_stage, count(*) as n from stage group by limbo_stage) s) as before,
      (select count(*) from stage where in_limbo)::integer as limbo_found,
      selected, matched, would_match, unmatched, skipped, newly_linked, newly_driver_mapped, still_no_candidates, conflicts,
      events_repaired, first_lead_date, last_lead_date,
      coalesce((select filled from persons), 0) as persons_filled,
      (select coalesce(jsonb_object_agg(limbo_stage, jsonb_build_object(
                'selected', selected, 'matched', matched + would_match, 'unmatched', unmatched, 'skipped', skipped)), '{}')
       from figure where part = 7) as by_stage,
      (select coalesce(jsonb_object_agg(reason, selected), '{}') from figure where part = 11 and reason is not null) as by_reason,
      (select coalesce(jsonb_object_agg(rule, selected), '{}') from figure where part = 13 and rule is not null) as by_rule,
      (select coalesce(jsonb_object_agg(week_start, selected), '{}') from figure where part = 14) as selected_by_week,
      (select coalesce(jsonb_agg(jsonb_build_object('lead_id', lead_id, 'lead_source_pk', lead_source_pk, 'lead_date', lead_date,
                'week_start', week_start, 'person_key', person_before, 'limbo_stage', limbo_stage) order by place), '[]')
       from weighed where postponed) as postponed
    from figure where part = 15`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}

const stages = z.strictObject({ all: byStage, selected: byStage });

/** The stages as they are now: of all leads, and of those that the run decided on. */
export async function countStages(sql: Sql, jobRunId: string): Promise<z.infer<typeof stages>> {
  const [row] = await sql(stages)`
    with decided as materialized (
      select substr(subject, length('lead:') + 1)::integer as lead_id from ops.decisions where job_run_id = ${jobRunId}::uuid
    ), stage as (
      -- A membership and not a join: whatever the planner believes of a run's decisions, their ids are hashed once.
      select limbo_stage, count(*) as n, count(*) filter (where lead_id in (select lead_id from decided)) as selected
      from ops.v_cabinet_lead_stages
      group by limbo_stage
    )
    select coalesce(jsonb_object_agg(limbo_stage, n), '{}') as all,
           coalesce(jsonb_object_agg(limbo_stage, selected) filter (where selected > 0), '{}') as selected
    from stage`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
