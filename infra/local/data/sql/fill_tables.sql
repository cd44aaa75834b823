-- grain: one table of a data set, filled from its staged twin; the number of its rows
-- In the order of the tables' keys, and of the lines only where a table has none: what the database numbers as rows come in
-- (the history of claims) must not depend on the order of a file. Sequences go on after the ids that came with the data. Statistics are taken at once: the first job may start
-- before autovacuum comes by, and an empty table's plans over a full one take minutes.
create or replace function pg_temp.fill_tables() returns table (table_name text, rows bigint)
  language plpgsql
as $fill$
declare
  v_table record;
  v_list text;
  v_order text;
  v_column text;
  v_sequence text;
begin
  for v_table in select s.name, s.columns from staged_tables s order by s.position loop
    select string_agg(format('%I', c), ', ' order by o) into v_list from unnest(v_table.columns) with ordinality u(c, o);
    select string_agg(format('%I', a.attname), ', ' order by k.o) into v_order
    from pg_index i
    cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, o)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = v_table.name::regclass and i.indisprimary;
    execute format(
      'insert into %s (%s) select %2$s from pg_temp.%3$I order by %4$s', v_table.name, v_list, v_table.name, coalesce(v_order, 'line'));
    get diagnostics rows = row_count;
    foreach v_column in array v_table.columns loop
      v_sequence := pg_get_serial_sequence(v_table.name, v_column);
      if v_sequence is not null then
        execute format('select setval(%L, max(%I)) from %s having max(%2$I) is not null', v_sequence, v_column, v_table.name);
      end if;
    end loop;
    execute format('analyze %s', v_table.name);
    table_name := v_table.name;
    return next;
  end loop;
end
$fill$;
