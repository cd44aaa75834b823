import * as z from 'zod';
import type { Sql } from '../core/database.ts';

export const figures = z.strictObject({ count: z.int(), amount: z.string() });
/** By milestone (`1`, `5`, `25`) and `total`. */
export const byMilestone = z.record(z.string(), figures);

/** The last gap of a chunk, by the order in which gaps are taken. */
export const gapKey = z.strictObject({
  lead_date: z.iso.date(),
  driver_id: z.string(),
  milestone: z.int(),
  lead_id: z.int(),
});

const chunk = z.strictObject({
  open: byMilestone,
  /** Gaps that share a claim (two leads of a person on a day) counted once. */
  open_keys: byMilestone,
  in_window: byMilestone,
  after: byMilestone,
  last: gapKey.nullable(),
  more: z.boolean(),
});

export interface Selection {
  /** Leads on or after it; null for all. */
  readonly cutoff: string | null;
  readonly limit: number;
  readonly onlyMilestone: number | null;
  /** A Monday. */
  readonly weekStart: string | null;
  /** Where the chunk before ended; null in the first. */
  readonly after: z.infer<typeof gapKey> | null;
}

/**
 * One chunk in one statement and one snapshot: takes the next open gaps, judges each, inserts the claims they
 * justify, files a decision per gap, and counts. docs/cabinet.md, "The claims job".
 */
export async function judgeGaps(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  { cutoff, limit, onlyMilestone, weekStart, after }: Selection,
): Promise<z.infer<typeof chunk>> {
  const [row] = await sql(chunk)`
    with gap as materialized (
      select
        lead_id, lead_source_pk, lead_date, week_start, person_key::uuid as person_key, driver_id,
        milestone_value as milestone, trips_14d, expected_amount as amount, rule_id, rule_window_days,
        (${cutoff}::date is null or lead_date >= ${cutoff}::date)
          and (${onlyMilestone}::integer is null or milestone_value = ${onlyMilestone}::integer)
          and (${weekStart}::date is null or week_start = ${weekStart}::date) as in_window,
        ${after?.lead_date ?? null}::date is null or lead_date < ${after?.lead_date ?? null}::date
          or (lead_date = ${after?.lead_date ?? null}::date
              and (driver_id, milestone_value, lead_id)
                  > (${after?.driver_id ?? null}::text, ${after?.milestone ?? null}::integer, ${after?.lead_id ?? null}::integer)) as ahead
      from ops.v_cabinet_claims_gap_14d
    ), selected as materialized (
      select taken.*, row_number() over (order by lead_date desc, driver_id, milestone, lead_id) as place
      from (
        select * from gap where in_window and ahead
        order by lead_date desc, driver_id, milestone, lead_id limit ${limit}::integer
      ) taken
    ), judged as materialized (
      -- Free of a veto: ops.v_payment_calculation has an achieved partner row of this driver, rule and lead date. Asked
      -- of the relations that it stands on and for the selected gaps alone: that one weighs every person against every
      -- rule. Else the first reason that holds.
      select
        s.*, e.person_key as event_person_key, e.origin_tag as event_origin_tag, o.lead_date as first_event_date,
        under_rule.trips as trips_under_rule, v.veto,
        v.veto is null and 1 = row_number() over (
          partition by s.person_key, s.lead_date, s.milestone, v.veto is null order by s.place
        ) as chosen
      from selected s
      left join observational.v_lead_events e
        on e.source_table = 'module_ct_cabinet_leads' and e.source_pk = s.lead_source_pk
      -- Offset 0 makes it a question per gap; joined, the first events of all persons are found for a thousand gaps' sake.
      left join lateral (
        select origin.lead_date
        from observational.v_person_origins origin
        where origin.person_key = s.person_key and origin.origin_tag = 'cabinet'
        offset 0
      ) o on true
      cross join lateral (
        select sum(t.trips) as trips
        from canon.driver_day_trips t
        where t.driver_id = s.driver_id
          and t.trip_date >= s.lead_date
          and t.trip_date < s.lead_date + s.rule_window_days
          and t.trip_date <= (select coalesce(ops.as_of(), 'infinity'))
      ) under_rule
      cross join lateral (
        select case
          when s.rule_id is not null and o.lead_date = s.lead_date and under_rule.trips >= s.milestone and s.amount > 0 then null
          when e.event_id is null then 'NO_LEAD_EVENT'
          when e.person_key is distinct from s.person_key then 'EVENT_OF_OTHER_PERSON'
          when e.origin_tag <> 'cabinet' then 'ORIGIN_NOT_CABINET'
          when o.lead_date is distinct from s.lead_date then 'OTHER_LEAD_DATE'
          when s.rule_id is null then 'NO_RULE_IN_FORCE'
          when s.amount = 0 then 'RULE_WITHOUT_AMOUNT'
          else 'NOT_ACHIEVED'
        end as veto
      ) v
    ), inserted as (
      insert into canon.claims_yango_cabinet_14d (
        person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, rule_id,
        status, expected_at, generated_at, job_run_id)
      select person_key, driver_id, lead_source_pk, lead_date, milestone, amount, rule_id,
             'generated', now(), now(), ${jobRunId}::uuid
      from judged
      where chosen and not ${dryRun}::boolean
      order by place
      on conflict (person_key, lead_date, milestone) do nothing
      returning claim_id, person_key, lead_date, milestone
    ), decided as (
      select j.*, i.claim_id,
             case
               when j.veto is not null then 'VETOED'
               when not j.chosen then 'SKIPPED'
               when ${dryRun}::boolean then 'WOULD_INSERT'
               when i.claim_id is not null then 'INSERTED'
               else 'SKIPPED'
             end as decision
      from judged j
      left join inserted i
        on j.chosen and i.person_key = j.person_key and i.lead_date = j.lead_date and i.milestone = j.milestone
    ), written as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select
        ${jobRunId}::uuid, format('lead:%s/M%s', lead_id, milestone), decision,
        case decision when 'VETOED' then 'MILESTONE_NOT_ACHIEVED_IN_PAYMENT_CALC' when 'SKIPPED' then 'CLAIM_ALREADY_EXISTS' end,
        veto,
        jsonb_build_object(
          'lead_id', lead_id, 'lead_source_pk', lead_source_pk, 'lead_date', lead_date, 'week_start', week_start,
          'person_key', person_key, 'driver_id', driver_id, 'milestone', milestone, 'trips_14d', trips_14d,
          'amount', amount::text, 'rule_id', rule_id
        ) || case
          when veto is null then jsonb_build_object('trips_under_rule', trips_under_rule, 'claim_id', claim_id)
          else jsonb_build_object(
            'event_person_key', event_person_key, 'event_origin_tag', event_origin_tag, 'first_event_date', first_event_date,
            'rule_window_days', rule_window_days, 'trips_under_rule', trips_under_rule)
        end
      from decided
      order by place
    ), measured (measure, milestone, n, amount) as (
      select 'open', milestone, count(*), sum(amount) from gap group by milestone
      union all
      select 'open_keys', milestone, count(*), sum(amount)
      from (select distinct person_key, lead_date, milestone, amount from gap) k group by milestone
      union all
      select 'in_window', milestone, count(*), sum(amount) from gap where in_window group by milestone
      union all
      -- By the claim's key: where two leads share a claim, it closes both their gaps.
      select 'after', g.milestone, count(*), sum(g.amount)
      from gap g
      left join inserted i on i.person_key = g.person_key and i.lead_date = g.lead_date and i.milestone = g.milestone
      where i.person_key is null
      group by g.milestone
    ), counted as (
      select c.measure, jsonb_object_agg(c.milestone, c.figures) as by_milestone
      from (
        select names.measure, coalesce(m.milestone::text, 'total') as milestone,
               jsonb_build_object('count', coalesce(sum(d.n), 0), 'amount', coalesce(sum(d.amount), 0.00)::text) as figures
        from canon.cabinet_milestones m
        cross join (values ('open'), ('open_keys'), ('in_window'), ('after')) names (measure)
        left join measured d on d.milestone = m.milestone and d.measure = names.measure
        group by grouping sets ((names.measure, m.milestone), (names.measure))
      ) c
      group by c.measure
    )
    select
      (select by_milestone from counted where measure = 'open') as open,
      (select by_milestone from counted where measure = 'open_keys') as open_keys,
      (select by_milestone from counted where measure = 'in_window') as in_window,
      (select by_milestone from counted where measure = 'after') as after,
      (select jsonb_build_object('lead_date', lead_date, 'driver_id', driver_id, 'milestone', milestone, 'lead_id', lead_id)
       from selected order by place desc limit 1) as last,
      (select count(*) from gap where in_window and ahead) > (select count(*) from selected) as more`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
