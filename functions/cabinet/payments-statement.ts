import * as z from 'zod';
import type { Sql } from '../core/database.ts';

const counts = z.record(z.string(), z.int());

const ingested = z.strictObject({
  /** Rows of the payer's table, and of these those that name nobody: neither a driver nor a name. */
  source_rows: z.int(),
  rows_without_name: z.int(),
  /** One per row and flag that is not NULL. */
  payments: z.int(),
  unchanged: z.int(),
  recorded: z.int(),
  would_record: z.int(),
  by_reason: counts,
  by_match_rule: counts,
});

/**
 * Adds to ops.yango_payment_status_ledger the state of every payment that is not the one seen last, in one statement.
 * A driver found by name stays with the payment while its name stays: who is hired later under the same name was not
 * paid then. docs/cabinet-payments.md, "The ledger".
 */
export async function ingestPayments(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
): Promise<z.infer<typeof ingested>> {
  const [row] = await sql(ingested)`
    with current as materialized (
      select * from ops.v_yango_payments_raw_current
    ), last as materialized (
      -- Of the table itself: the state seen last counts here, also when it is dated after this run's date.
      select distinct on (payment_key) * from ops.yango_payment_status_ledger order by payment_key, revision desc
    ), resolved as (
      select
        c.source_table, c.source_pk, c.pay_date, c.pay_time, c.raw_driver_name, c.driver_name_normalized, c.milestone_value,
        c.is_paid, c.person_key, c.payment_key, l.revision as last_revision,
        case when stays then l.driver_id else c.driver_id end as driver_id,
        case when stays then l.match_rule else c.match_rule end as match_rule,
        l.is_paid as last_is_paid, l.pay_date as last_pay_date, l.pay_time as last_pay_time, l.person_key as last_person_key,
        l.raw_driver_name as last_raw_driver_name, l.driver_id as last_driver_id, l.match_rule as last_match_rule
      from current c
      left join last l on l.payment_key = c.payment_key
      cross join lateral (
        select c.match_rule <> 'driver_id_direct' and l.match_rule = 'driver_name_unique'
               and l.driver_name_normalized = c.driver_name_normalized as stays
      ) name
    ), compared as (
      select r.*, coalesce(last_revision, 0) + 1 as revision,
             case when last_revision is not null then array_remove(array[
               case when is_paid <> last_is_paid then 'PAID_FLAG' end,
               case when (pay_date, pay_time) is distinct from (last_pay_date, last_pay_time) then 'PAY_DATE' end,
               case when raw_driver_name <> last_raw_driver_name then 'NAME' end,
               case when (driver_id, match_rule, person_key) is distinct from (last_driver_id, last_match_rule, last_person_key) then 'IDENTITY' end
             ], null) end as changed
      from resolved r
    ), news as materialized (
      select c.*, case when changed is null then 'NEW_PAYMENT' else changed[1] || '_CHANGED' end as reason,
             md5(jsonb_build_array(is_paid, pay_date, pay_time, raw_driver_name, driver_id, match_rule, person_key)::text) as state_hash
      from compared c
      where changed is null or changed <> '{}'
    ), added as (
      insert into ops.yango_payment_status_ledger (
        source_table, source_pk, pay_date, pay_time, raw_driver_name, driver_name_normalized, milestone_value, is_paid,
        driver_id, person_key, match_rule, match_confidence, revision, state_hash, job_run_id)
      select
        source_table, source_pk, pay_date, pay_time, raw_driver_name, driver_name_normalized, milestone_value, is_paid,
        driver_id, person_key, match_rule,
        case match_rule when 'driver_id_direct' then 'high' when 'driver_name_unique' then 'medium' else 'unknown' end::ops.payment_match_confidence,
        revision, state_hash, ${jobRunId}::uuid
      from news
      where not ${dryRun}::boolean
      order by source_pk, milestone_value
      -- Another run as of another date may have seen the same news first.
      on conflict (payment_key, revision) do nothing
      returning payment_key
    ), decided as materialized (
      select n.* from news n left join added a on a.payment_key = n.payment_key
      where ${dryRun}::boolean or a.payment_key is not null
    ), filed as (
      insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
      select
        ${jobRunId}::uuid, format('payment:%s/M%s', source_pk, milestone_value),
        case when ${dryRun}::boolean then 'WOULD_RECORD' else 'RECORDED' end, reason, match_rule::text,
        jsonb_build_object(
          'payment_key', payment_key, 'source_pk', source_pk, 'milestone', milestone_value, 'revision', revision, 'is_paid', is_paid,
          'pay_date', pay_date, 'driver_id', driver_id, 'match_rule', match_rule, 'changed', changed)
      from decided
      order by source_pk::bigint, milestone_value
    )
    select
      counts.source_rows,
      counts.rows_without_name,
      (select count(*) from current)::integer as payments,
      ((select count(*) from current) - (select count(*) from decided))::integer as unchanged,
      (select count(*) from decided where not ${dryRun}::boolean)::integer as recorded,
      (select count(*) from decided where ${dryRun}::boolean)::integer as would_record,
      (select coalesce(jsonb_object_agg(reason, n), '{}') from (select reason, count(*) as n from decided group by reason) r) as by_reason,
      (select coalesce(jsonb_object_agg(match_rule, n), '{}') from (select match_rule, count(*) as n from decided group by match_rule) r) as by_match_rule
    from ops.v_yango_payment_source_counts counts`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}
