-- grain: one row per driver of the collection screens who belongs to no week
-- requires: ops.v_cabinet_checked_drivers
create or replace view ops.check_cabinet_cobranza_rows_without_week as
select
  subject,
  'sin semana: cuenta en la tabla y en ninguna semana' as detail,
  jsonb_build_object('driver_id', driver_id, 'lead_date', lead_date, 'amount_due', amount_due_yango::text) as evidence
from ops.v_cabinet_checked_drivers
where week_start is null;

comment on view ops.check_cabinet_cobranza_rows_without_week is 'Every driver of the collection screens belongs to a week.';
