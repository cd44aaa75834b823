-- grain: one question to a pipeline's source
-- requires: none
-- p_question: the function that a pipeline's declaration names, `schema.name(date)` -> ready boolean, detail text.
create or replace function ops.source_ready(p_question text, p_as_of date, out ready boolean, out detail text)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('select q.ready, q.detail from %s($1) q', p_question::regproc) into strict ready, detail using p_as_of;
end
$$;

comment on function ops.source_ready is 'Whether what a run as of the date needs has been loaded, and what is missing, in words.';
