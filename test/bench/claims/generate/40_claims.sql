-- grain: one row per claim that earlier nights left behind
-- Leads of the last 60 days have none yet, and one in ten of the older expectations is still open. Among the claims every
-- status occurs, and one in twenty is from before the rules were kept.
insert into canon.claims_yango_cabinet_14d (
  person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status, expected_at, generated_at, paid_at,
  created_at, rule_id)
select
  person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, status::canon.claimstatus,
  decided_at, case when status <> 'expected' then decided_at end, case when status = 'paid' then decided_at + interval '20 days' end,
  decided_at, case when bench.draw(lead_id, 'old') >= 0.05 then rule_id end
from (
  select distinct on (m.person_key, m.lead_date, m.milestone)
    m.*, (m.lead_date + 15)::timestamp at time zone 'UTC' as decided_at,
    case
      when u.status < 0.40 then 'generated'
      when u.status < 0.85 then 'paid'
      when u.status < 0.92 then 'expected'
      when u.status < 0.97 then 'rejected'
      else 'expired'
    end as status
  from ops.v_cabinet_lead_milestones m
  cross join bench.shape s
  cross join lateral (select bench.draw(m.lead_id * 100 + m.milestone, 'status') as status) u
  where m.claim_expected and m.lead_date < s.as_of - 60 and bench.draw(m.lead_id, 'open') >= 0.10
  order by m.person_key, m.lead_date, m.milestone, m.lead_id
) c
order by lead_date, lead_id;
