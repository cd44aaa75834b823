-- grain: one row per driver and milestone whose reconciled state cannot be, and one when the three layers do not add up
-- requires: ops.v_cabinet_milestones_achieved, ops.v_cabinet_milestones_paid, ops.v_cabinet_milestones_reconciled
-- Reached plus paid is reconciled plus those that are both; each of the four states holds what its name says.
create or replace view ops.check_cabinet_reconciled_states as
select
  format('driver:%s/M%s', coalesce(driver_id, '?'), coalesce(milestone_value::text, '?')) as subject,
  format('el estado %s no corresponde a lo alcanzado y lo pagado', reconciliation_status) as detail,
  jsonb_build_object('driver_id', driver_id, 'milestone', milestone_value, 'achieved', achieved_flag, 'paid', paid_flag,
                     'status', reconciliation_status) as evidence
from ops.v_cabinet_milestones_reconciled
where driver_id is null or milestone_value is null or reconciliation_status = 'NOT_APPLICABLE'
   or (reconciliation_status in ('OK', 'ACHIEVED_NOT_PAID')) <> coalesce(achieved_flag, false)
   or (reconciliation_status in ('OK', 'PAID_WITHOUT_ACHIEVEMENT')) <> coalesce(paid_flag, false)
union all
select
  'reconciled',
  format('%s alcanzados y %s pagados no suman %s conciliados y %s en ambos', achieved, paid, reconciled, in_both),
  jsonb_build_object('achieved', achieved, 'paid', paid, 'reconciled', reconciled, 'both', in_both)
from (
  select
    (select count(*) from ops.v_cabinet_milestones_achieved) as achieved,
    (select count(*) from ops.v_cabinet_milestones_paid) as paid,
    (select count(*) from ops.v_cabinet_milestones_reconciled) as reconciled,
    (select count(*) from ops.v_cabinet_milestones_reconciled where reconciliation_status = 'OK') as in_both
) counted
where achieved + paid <> reconciled + in_both;

comment on view ops.check_cabinet_reconciled_states is 'Every milestone reached or paid is in one of the four states, once, and none is NOT_APPLICABLE.';
