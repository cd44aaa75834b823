-- grain: none; who may read limbo as of its refresh
-- requires: ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals, ops.v_cabinet_limbo_kept
-- Names and phones are the screens' to read; the totals are figures.
grant select on ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals, ops.v_cabinet_limbo_kept to cuadre_reader;
grant select on ops.mv_cabinet_limbo_totals to cuadre_jobs;
