-- grain: one row per payment found by a name that is not that driver's alone any more
-- requires: ops.v_yango_payments_ledger_latest, ops.v_driver_of_name
create or replace view ops.check_cabinet_payment_names_shared as
select
  format('payment:%s/M%s', l.source_pk, l.milestone_value) as subject,
  'el conductor se encontró por un nombre que hoy no identifica a ese conductor; se mantiene' as detail,
  jsonb_build_object('source_pk', l.source_pk, 'milestone', l.milestone_value, 'driver_id', l.driver_id, 'driver_id_today', n.driver_id) as evidence
from ops.v_yango_payments_ledger_latest l
left join ops.v_driver_of_name n on n.name_key = l.driver_name_normalized
where l.match_rule = 'driver_name_unique' and n.driver_id is distinct from l.driver_id;

comment on view ops.check_cabinet_payment_names_shared is 'A driver found by name is still the only one of that name.';
