-- grain: one row per filter and measure for which table, weeks and rows disagree
-- requires: ops.cabinet_cobranza_correlation
create or replace view ops.check_cabinet_cobranza_correlation as
select
  format('%s/%s', filter, measure) as subject,
  format('la tabla dice %s, las semanas %s y las filas %s', table_says, weekly_says, rows_say) as detail,
  jsonb_build_object('filter', filter, 'measure', measure, 'table', table_says::text, 'weekly', weekly_says::text, 'rows', rows_say::text,
                     'without_week', without_week) as evidence
from ops.cabinet_cobranza_correlation()
where not equal;

comment on view ops.check_cabinet_cobranza_correlation is 'C5, C6: the table, the weekly figures and the rows behind both say the same.';
