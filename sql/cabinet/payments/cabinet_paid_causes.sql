-- grain: one row per cause, its cases being those paid between two dates
-- requires: ops.v_cabinet_paid_without_achievement, ops.v_cabinet_payment_causes
-- Without dates every case counts, those without a pay_date too.
create or replace function ops.cabinet_paid_causes(p_from date, p_to date)
  returns table (
    classification_cause text, total_cases integer, unique_drivers integer, count_m1 integer, count_m5 integer, count_m25 integer,
    without_pay_date integer, pct_total numeric, expected_pct numeric, band_from numeric, band_to numeric,
    within_band boolean, signal text, meaning text, action text)
  language sql stable
as $$
  with cases as (
    select * from ops.v_cabinet_paid_without_achievement
    where (p_from is null or pay_date >= p_from) and (p_to is null or pay_date <= p_to)
  ), counted as (
    select
      k.*,
      count(c.driver_id)::integer as total_cases,
      count(distinct c.driver_id)::integer as unique_drivers,
      (count(c.driver_id) filter (where c.milestone_value = 1))::integer as count_m1,
      (count(c.driver_id) filter (where c.milestone_value = 5))::integer as count_m5,
      (count(c.driver_id) filter (where c.milestone_value = 25))::integer as count_m25,
      (count(c.driver_id) filter (where c.pay_date is null))::integer as without_pay_date,
      100 * count(c.driver_id) / nullif(sum(count(c.driver_id)) over (), 0) as pct
    from ops.v_cabinet_payment_causes k
    left join cases c on c.classification_cause = k.classification_cause
    group by k.priority, k.classification_cause, k.expected_pct, k.band_from, k.band_to, k.investigate_from, k.meaning, k.action
  )
  select
    classification_cause, total_cases, unique_drivers, count_m1, count_m5, count_m25, without_pay_date,
    coalesce(round(pct, 2), 0.00), expected_pct, band_from, band_to,
    pct >= band_from and (pct <= band_to and expected_pct > 0 or pct < band_to),
    case
      when investigate_from is null or total_cases = 0 then 'NORMAL'
      when expected_pct = 0 then case when pct >= investigate_from then 'INVESTIGATE' else 'REVIEW_CASES' end
      when pct > investigate_from then 'INVESTIGATE'
      when pct not between band_from and band_to then 'MONITOR'
      else 'NORMAL'
    end,
    meaning, action
  from counted
  order by total_cases desc, priority desc;
$$;

comment on function ops.cabinet_paid_causes(date, date) is
  'Payments without achievement counted by cause, beside the ordinary shares. UPSTREAM_OVERPAYMENT signals nothing, whatever its share.';
