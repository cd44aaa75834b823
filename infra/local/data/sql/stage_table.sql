-- grain: one table of a data set, given a temporary twin `pg_temp."schema.table"` with the file's columns and their lines
-- The rows come as one text, an array of composite values: record_in parses them as fast as COPY would, and the client
-- needs no COPY. The function that takes them is made anew for each table, under one name that the client can prepare.
create or replace function pg_temp.stage_table(p_table text, p_columns text[]) returns void
  language plpgsql
as $stage$
declare
  v_definition text;
  v_filled boolean;
begin
  execute format('select exists (select from %s)', p_table::regclass) into v_filled;
  if v_filled then
    raise exception 'the table % already holds rows: load a data set into a new database', p_table
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by c.ordinal)
  into strict v_definition
  from unnest(p_columns) with ordinality as c(name, ordinal)
  join pg_attribute a on a.attrelid = p_table::regclass and a.attname = c.name;

  create temporary table if not exists staged_tables (
    position integer generated always as identity, name text primary key, columns text[] not null
  ) on commit drop;
  insert into staged_tables (name, columns) values (p_table, p_columns);

  execute format('create temporary table %I (line bigint not null, %s) on commit drop', p_table, v_definition);
  execute format(
    'create or replace function pg_temp.stage_rows(p_rows text) returns void language sql as %L',
    format('insert into pg_temp.%I select * from unnest(p_rows::pg_temp.%I[])', p_table, p_table)
  );
end
$stage$;
