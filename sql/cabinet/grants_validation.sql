-- grain: none; who may do what with checks, their values and their thresholds
-- requires: ops.v_cabinet_check_list, ops.cabinet_check_values, ops.cabinet_check_performance, ops.change_check_threshold, ops.cabinet_cobranza_correlation
-- The checks run as their owner, who reads names and phones; they hand out ids and figures. So a new check needs no right of its own.
revoke execute on function
  ops.cabinet_check_values, ops.cabinet_check_performance, ops.cabinet_cobranza_correlation, ops.change_check_threshold
from public;
grant execute on function ops.cabinet_check_values, ops.cabinet_check_performance, ops.cabinet_cobranza_correlation to cuadre_jobs;
grant execute on function ops.change_check_threshold to cuadre_operator;

-- Jobs add values; what is there neither they nor anybody else can change.
grant insert on ops.check_values to cuadre_jobs;
grant select on ops.v_cabinet_check_list, ops.check_thresholds to cuadre_jobs;
grant select on ops.v_cabinet_check_list, ops.check_thresholds, ops.check_values to cuadre_reader, cuadre_operator;
