import * as z from 'zod';
import type { Sql } from '../core/database.ts';

const byStage = z.record(z.string(), z.int());

const reconciled = z.strictObject({
  /** All leads by limbo stage, before the run. */
  before: byStage,
  limbo_found: z.int(),
});

export interface Selection {
  /** Recent leads are those on or after it; null for all. Without meaning when onlyLimbo. */
  readonly cutoff: string | null;
  readonly onlyLimbo: boolean;
  readonly limit: number;
  readonly repairEvents: boolean;
  readonly targetPark: string;
}

/**
 * Selects the leads, judges those without a driver, and writes links, persons, unmatched rows, events and a decision per
 * lead, in one statement and one snapshot: what it judges is the state before the run. docs/cabinet-leads.md.
 */
export async function reconcileLeads(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  { cutoff, onlyLimbo, limit, repairEvents, targetPark }: Selection,
): Promise<z.infer<typeof reconciled>> {
  const [row] = await sql(reconciled)`
    with stage as materialized (
      select lead_id, lead_source_pk, lead_date, week_start, person_key, driver_id, limbo_stage,
             limbo_stage in ('NO_IDENTITY', 'NO_DRIVER', 'TRIPS_NO_CLAIM') as in_limbo
      from ops.v_cabinet_lead_stages
    ), wanted as (
      select s.*, case
               when not ${onlyLimbo}::boolean and (${cutoff}::date is null or lead_date >= ${cutoff}::date) then 1
               when in_limbo then 2
             end as tier
      from stage s
    ), selected as materialized (
      select once.*, row_number() over (order by tier, lead_date desc, lead_id desc) as place
      from (
        select w.*, row_number() over (partition by lead_source_pk order by tier, lead_date desc, lead_id desc) as copy
        from wanted w where tier is not null
      ) once
      where copy = 1
      order by tier, lead_date desc, lead_id desc limit ${limit}::integer
    ), without_driver as (
      select array_agg(lead_id) as lead_ids from selected where driver_id is null
    ), judged as materialized (
      select j.* from without_driver w cross join lateral canon.judge_cabinet_leads(w.lead_ids, ${targetPark}) j
      where not ${dryRun}::boolean
      union all
      select j.* from without_driver w cross join lateral canon.foresee_cabinet_leads(w.lead_ids, ${targetPark}) j
      where ${dryRun}::boolean
    ), outcome as materialized (
      select
        s.lead_id, s.lead_source_pk, s.lead_date, s.week_start, s.limbo_stage, s.place,
        s.person_key as person_before, s.driver_id as driver_before,
        coalesce(j.outcome, 'SKIPPED') as outcome, j.reason, j.rule, j.score, j.confidence, j.driver_id, j.person_key,
        j.person_from, j.rules, coalesce(j.outcome = 'MATCHED' and j.link_driver, false) as link_driver,
        coalesce(j.outcome = 'MATCHED' and s.person_key is null, false) as gains_link,
        case when j.outcome = 'MATCHED' then j.person_key else s.person_key end as person_after
      from selected s
      left join judged j on j.lead_id = s.lead_id
    ), found as materialized (
      select distinct person_after as person_key from outcome where outcome = 'MATCHED'
    ), lead as materialized (
      -- A lead gains a driver also when another lead of its person found one.
      select o.*, o.driver_before is null and f.person_key is not null as gains_driver,
             case
               when not ${repairEvents}::boolean or o.person_after is null then null
               when e.id is null then 'INSERTED'
               when e.person_key is distinct from o.person_after then 'UPDATED'
             end as event_repair
      from outcome o
      left join found f on f.person_key = o.person_after
      left join observational.lead_events e on e.source_table = 'module_ct_cabinet_leads' and e.source_pk = o.lead_source_pk
    ), persons as (
      insert into canon.identity_registry (person_key, confidence_level)
      select distinct person_key, 'HIGH'::canon.confidence_level from lead
      where outcome = 'MATCHED' and person_from = 'NEW' and not ${dryRun}::boolean
      on conflict (person_key) do nothing
    ), lead_links as (
      insert into canon.identity_links (person_key, source_table, source_pk, snapshot_date, match_rule, match_score,
                                        confidence_level, evidence, job_run_id)
      select person_key, 'module_ct_cabinet_leads', lead_source_pk, lead_date, rule, score, confidence,
             jsonb_build_object('driver_id', driver_id, 'person_from', person_from, 'rules', rules), ${jobRunId}::uuid
      from lead where gains_link and not ${dryRun}::boolean
      order by place
      on conflict (source_table, source_pk) do nothing
      returning source_pk
    ), driver_links as (
      insert into canon.identity_links (person_key, source_table, source_pk, snapshot_date, match_rule, match_score,
                                        confidence_level, evidence, job_run_id)
      select distinct on (driver_id) person_key, 'drivers', driver_id, lead_date, 'DRIVER_MATCH', 100, 'HIGH'::canon.confidence_level,
             jsonb_build_object('rule', rule, 'lead_source_pk', lead_source_pk, 'person_from', person_from), ${jobRunId}::uuid
      from lead where link_driver and not ${dryRun}::boolean
      order by driver_id, place
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
      order by place
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
             jsonb_build_object('origin_tag', 'cabinet', 'matched_by', 'identity_link', 'job_run_id', ${jobRunId}::uuid)
      from lead where event_repair is not null and not ${dryRun}::boolean
      order by place
      on conflict (source_table, source_pk) do update
      set person_key = excluded.person_key,
          payload_json = coalesce(e.payload_json, '{}') || jsonb_build_object(
            'matched_by', 'identity_link', 'job_run_id', ${jobRunId}::uuid, 'previous_person_key', e.person_key)
    ), decided as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select
        ${jobRunId}::uuid, format('lead:%s', lead_id),
        case when outcome = 'MATCHED' and ${dryRun}::boolean then 'WOULD_MATCH' when meanwhile then 'SKIPPED' else outcome end,
        case when outcome = 'SKIPPED' then 'HAS_DRIVER' when meanwhile then 'LINKED_MEANWHILE' else reason end,
        rule,
        jsonb_build_object(
          'lead_id', lead_id, 'lead_source_pk', lead_source_pk, 'lead_date', lead_date, 'week_start', week_start,
          'limbo_stage', limbo_stage, 'person_before', person_before, 'gains_link', gains_link and not meanwhile, 'gains_driver', gains_driver and not meanwhile,
          'event_repair', event_repair
        ) || case when outcome = 'SKIPPED' then jsonb_build_object('driver_id', driver_before) else jsonb_build_object(
          'rule', rule, 'score', score, 'confidence', confidence, 'driver_id', driver_id, 'person_key', person_key,
          'person_from', person_from, 'link_driver', link_driver, 'rules', rules, 'normaliser_version', canon.normaliser_version()) end
      from (
        -- Somebody else linked it while this statement was at work: theirs stays.
        select l.*, l.gains_link and not ${dryRun}::boolean and made.source_pk is null as meanwhile
        from lead l left join lead_links made on made.source_pk = l.lead_source_pk
      ) told
      order by place
    )
    select (select coalesce(jsonb_object_agg(limbo_stage, n), '{}') from (select limbo_stage, count(*) as n from stage group by limbo_stage) s) as before,
           (select count(*) from stage where in_limbo)::integer as limbo_found`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}

const table = z.record(z.string(), z.record(z.string(), z.int()));
const counted = z.strictObject({
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
  first_lead_date: z.iso.date().nullable(),
  last_lead_date: z.iso.date().nullable(),
  by_stage: table,
  by_reason: byStage,
  by_rule: byStage,
  selected_by_week: byStage,
});

/** Every figure is a count of the run's decisions, over all of them. */
export async function countLeads(sql: Sql, jobRunId: string): Promise<z.infer<typeof counted>> {
  const [row] = await sql(counted)`
    with decided as materialized (
      select d.decision, d.reason, e.* from ops.decisions d
      cross join lateral jsonb_to_record(d.evidence) e (
        lead_id integer, lead_date date, week_start date, limbo_stage text, gains_link boolean, gains_driver boolean,
        event_repair text, rule text)
      where d.job_run_id = ${jobRunId}::uuid
    ), stages as (
      select limbo_stage, jsonb_build_object('selected', count(*), 'matched', count(*) filter (where decision in ('MATCHED', 'WOULD_MATCH')),
               'unmatched', count(*) filter (where decision = 'UNMATCHED'), 'skipped', count(*) filter (where decision = 'SKIPPED')) as figures
      from decided group by limbo_stage
    ), reasons as (
      select reason, count(*) as n from decided where decision = 'UNMATCHED' group by reason
    ), rules as (
      select rule, count(*) as n from decided where decision in ('MATCHED', 'WOULD_MATCH') group by rule
    ), weeks as (
      select week_start, count(*) as n from decided group by week_start
    )
    select
      count(*)::integer as selected,
      (count(*) filter (where decision = 'MATCHED'))::integer as matched,
      (count(*) filter (where decision = 'WOULD_MATCH'))::integer as would_match,
      (count(*) filter (where decision = 'UNMATCHED'))::integer as unmatched,
      (count(*) filter (where decision = 'SKIPPED'))::integer as skipped,
      (count(*) filter (where gains_link))::integer as newly_linked,
      (count(*) filter (where gains_driver))::integer as newly_driver_mapped,
      (count(*) filter (where decision = 'UNMATCHED' and reason = 'NO_CANDIDATES'))::integer as still_no_candidates,
      (count(*) filter (where decision = 'UNMATCHED' and reason in ('MULTIPLE_CANDIDATES', 'PERSON_CONFLICT')))::integer as conflicts,
      (count(event_repair))::integer as events_repaired,
      max(lead_date) as first_lead_date,
      min(lead_date) as last_lead_date,
      (select coalesce(jsonb_object_agg(limbo_stage, figures), '{}') from stages) as by_stage,
      (select coalesce(jsonb_object_agg(reason, n), '{}') from reasons) as by_reason,
      (select coalesce(jsonb_object_agg(rule, n), '{}') from rules) as by_rule,
      (select coalesce(jsonb_object_agg(week_start, n), '{}') from weeks) as selected_by_week
    from decided`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}

const stages = z.strictObject({ all: byStage, selected: byStage });

/** The stages as they are now: of all leads, and of those that the run decided on. */
export async function countStages(sql: Sql, jobRunId: string): Promise<z.infer<typeof stages>> {
  const [row] = await sql(stages)`
    with stage as materialized (
      select s.lead_id, s.limbo_stage from ops.v_cabinet_lead_stages s
    ), decided as (
      select (evidence ->> 'lead_id')::integer as lead_id from ops.decisions where job_run_id = ${jobRunId}::uuid
    )
    select
      (select coalesce(jsonb_object_agg(limbo_stage, n), '{}')
       from (select limbo_stage, count(*) as n from stage group by limbo_stage) s) as all,
      (select coalesce(jsonb_object_agg(limbo_stage, n), '{}')
       from (select limbo_stage, count(*) as n from stage join decided using (lead_id) group by limbo_stage) s) as selected`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
