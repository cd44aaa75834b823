-- grain: none; who may read the totals of the drivers' standing
-- requires: ops.mv_cabinet_cobranza_totals
-- Figures by week and scout, and nobody's name.
grant select on ops.mv_cabinet_cobranza_totals to cuadre_reader, cuadre_jobs;
