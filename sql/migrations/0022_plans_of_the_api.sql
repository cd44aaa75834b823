-- as administrator
-- A warm function keeps its connection, and from a statement's sixth run on PostgreSQL may plan it for no parameters in
-- particular. Ours compare with a parameter "or with none": such a plan reads everything for every filter (claims gap on the
-- golden data: 1200 ms instead of 30). Planning anew costs a few ms, and so does compiling what runs for less than that.
-- The roles belong to the whole cluster: whoever else alters them at the same time has altered them to the same.
do $$
declare
  role_name text;
  setting text[];
begin
  foreach role_name in array array['cuadre_reader', 'cuadre_operator'] loop
    foreach setting slice 1 in array array[['plan_cache_mode', 'force_custom_plan'], ['jit', 'off']] loop
      begin
        if not exists (
          select from pg_roles where rolname = role_name and setting[1] || '=' || setting[2] = any (rolconfig)
        ) then
          execute format('alter role %I set %I = %L', role_name, setting[1], setting[2]);
        end if;
      exception when internal_error then
        -- tuple concurrently updated
        null;
      end;
    end loop;
  end loop;
end
$$;
