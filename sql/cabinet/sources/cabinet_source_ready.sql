-- grain: one question, whether the night of a date can begin
-- requires: none
-- The night reconciles what was driven up to the day before. Of that day some trips must be there, written as the load reads
-- them; how many there should be nobody knows before it runs, and its alerts speak of it afterwards.
create or replace function ops.cabinet_source_ready(p_as_of date, out ready boolean, out detail text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select found.ready,
         case
           when found.ready then 'trips of ' || (p_as_of - 1) || ' are loaded'
           else 'public.summary_daily has no trips of ' || (p_as_of - 1)
         end
  from (select exists (select from public.summary_daily where date_file = to_char(p_as_of - 1, 'DD-MM-YYYY')) as ready) found
$$;

comment on function ops.cabinet_source_ready is 'Whether the trips of the day before have been loaded. A scheduled night waits for them for a while.';
