-- grain: one row per kind of source data
-- requires: ops.today
-- Days from the newest row to the business date. What is dated after it has not happened yet and says nothing of the feed.
create or replace view ops.v_raw_data_age as
select 'leads' as source, max(lead_created_at)::date as newest, ops.today() - max(lead_created_at)::date as age_days
from public.module_ct_cabinet_leads where lead_created_at < (select ops.today() + 1)
union all
select 'trips', max(trip_date), ops.today() - max(trip_date)
from canon.driver_day_trips where trip_date <= (select ops.today())
union all
select 'payments', max(date), ops.today() - max(date)
from public.module_ct_cabinet_payments where date <= (select ops.today());

comment on view ops.v_raw_data_age is 'How old the newest lead, trip and payment are on the business date; empty where there is none at all.';
