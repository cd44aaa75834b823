-- grain: one row when the facts and rejects are not as many as the source's rows, none otherwise
-- requires: none
-- Each row of summary_daily is a fact or a reject, once. Rows newer than the newest one loaded wait for the next load; a row
-- that came in late by more than the overlap shows here, and so does one that left.
create or replace view ops.check_cabinet_trips_complete as
select
  'summary_daily' as subject,
  format('%s filas en el origen y %s cargadas (hechos más rechazos): volver a cargar con overlapDays mayor', source_rows, facts + rejects) as detail,
  jsonb_build_object('source_rows', source_rows, 'facts', facts, 'rejects', rejects) as evidence
from (
  select
    (select count(*) from canon.driver_day_trips) as facts,
    (select count(*) from canon.trip_rejects) as rejects,
    (select count(*) from public.summary_daily where created_at is null or created_at <= greatest(
      (select max(source_created_at) from canon.driver_day_trips),
      (select max(source_created_at) from canon.trip_rejects)
    )) as source_rows
) counted
where source_rows <> facts + rejects;

comment on view ops.check_cabinet_trips_complete is 'Every row of the source became a fact or a reject, once.';
