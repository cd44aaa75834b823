import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import { byMilestone } from './claims-statement.ts';

const achievements = z.strictObject({
  /** Reached by today's calculation. */
  calculated: z.int(),
  recorded: z.int(),
  would_record: z.int(),
  /** Recorded before, and worked out the same today. */
  same: z.int(),
  /** Recorded before, and not what would be worked out today; they stay. */
  would_differ: z.int(),
  /** Of what this run recorded, or would have: count and amount. */
  by_milestone: byMilestone,
});

/**
 * Records in canon.milestone_achievements what today's calculation gives and is not there yet, with the days that
 * reached it, and files a decision for each and for each recorded one that would differ today. One statement.
 */
export async function recordAchievements(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  asOf: string,
): Promise<z.infer<typeof achievements>> {
  const [row] = await sql(achievements)`
    with compared as materialized (
      -- Of the table itself too: what is recorded is recorded, also when it was reached after this run's date.
      select t.*, r.achievement_id is null as is_new
      from ops.v_cabinet_achievements_today t
      left join canon.milestone_achievements r on r.driver_id = t.driver_id and r.milestone_value = t.milestone_value
    ), added as (
      insert into canon.milestone_achievements (
        driver_id, milestone_value, person_key, lead_date, achieved_date, achieved_trips_in_window, rule_id, window_days,
        expected_amount, currency, rule_valid_from, rule_valid_to, trip_days, seen_as_of, job_run_id)
      select
        c.driver_id, c.milestone_value, c.person_key_today, c.lead_date_today, c.achieved_date_today, c.achieved_trips_today,
        c.rule_id_today, c.window_days_today, c.expected_amount_today, c.currency_today, c.rule_valid_from_today, c.rule_valid_to_today,
        days.trip_days, ${asOf}::date, ${jobRunId}::uuid
      from compared c
      cross join lateral (
        select jsonb_agg(jsonb_build_object('date', t.trip_date, 'trips', t.trips) order by t.trip_date) as trip_days
        from canon.driver_day_trips t
        where t.driver_id = c.driver_id and t.trips > 0 and t.trip_date between c.lead_date_today and c.achieved_date_today
      ) days
      where c.is_new and not ${dryRun}::boolean
      order by c.driver_id, c.milestone_value
      on conflict (driver_id, milestone_value) do nothing
      returning driver_id, milestone_value
    ), news as materialized (
      select c.* from compared c
      left join added a on a.driver_id = c.driver_id and a.milestone_value = c.milestone_value
      where c.is_new and (${dryRun}::boolean or a.driver_id is not null)
    ), kept as materialized (
      select * from compared where today <> 'NOT_YET_RECORDED'
    ), filed as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select ${jobRunId}::uuid, format('driver:%s/M%s', driver_id, milestone_value), decision, reason, detail, evidence
      from (
        select driver_id, milestone_value, case when ${dryRun}::boolean then 'WOULD_RECORD' else 'RECORDED' end as decision,
               'FIRST_SEEN' as reason, null as detail,
               jsonb_build_object(
                 'driver_id', driver_id, 'milestone', milestone_value, 'person_key', person_key_today, 'lead_date', lead_date_today,
                 'achieved_date', achieved_date_today, 'trips', achieved_trips_today, 'rule_id', rule_id_today,
                 'amount', expected_amount_today::text
               ) as evidence
        from news
        union all
        select driver_id, milestone_value, 'KEPT', 'WOULD_DIFFER_TODAY', today,
               jsonb_build_object(
                 'driver_id', driver_id, 'milestone', milestone_value,
                 'recorded', jsonb_build_object('person_key', person_key, 'lead_date', lead_date, 'achieved_date', achieved_date,
                   'trips', achieved_trips_in_window, 'rule_id', rule_id, 'amount', expected_amount::text),
                 'today', jsonb_build_object('person_key', person_key_today, 'lead_date', lead_date_today, 'achieved_date', achieved_date_today,
                   'trips', achieved_trips_today, 'rule_id', rule_id_today, 'amount', expected_amount_today::text))
        from kept where today <> 'SAME'
      ) d
      order by decision desc, driver_id, milestone_value
    )
    select
      (select count(*) from compared where today <> 'NOT_ACHIEVED_TODAY')::integer as calculated,
      (select count(*) from news where not ${dryRun}::boolean)::integer as recorded,
      (select count(*) from news where ${dryRun}::boolean)::integer as would_record,
      (select count(*) from kept where today = 'SAME')::integer as same,
      (select count(*) from kept where today <> 'SAME')::integer as would_differ,
      (select jsonb_object_agg(milestone, figures) from (
        select coalesce(m.milestone::text, 'total') as milestone,
               jsonb_build_object('count', count(n.driver_id), 'amount', coalesce(sum(n.expected_amount_today), 0.00)::text) as figures
        from canon.cabinet_milestones m
        left join news n on n.milestone_value = m.milestone
        group by grouping sets ((m.milestone), ())
      ) f) as by_milestone`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
