-- grain: none; who may ask whether the sources are loaded
-- requires: ops.cabinet_source_ready
revoke execute on function ops.cabinet_source_ready from public;
grant execute on function ops.cabinet_source_ready to cuadre_jobs, cuadre_operator;
