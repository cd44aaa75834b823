-- as administrator
-- The roles and schemas that everything else stands on. Roles belong to the whole cluster, so two databases of one
-- cluster may be set up at once: whoever loses that race waits for the other and looks again.
do $$
begin
  for attempt in 1..10 loop
    begin
      if not exists (select from pg_roles where rolname = 'cuadre_owner') then
        create role cuadre_owner nologin;
      end if;
      if not exists (select from pg_roles where rolname = 'cuadre_jobs') then
        create role cuadre_jobs login;
        -- 590 s: under the longest function time-out (600 s), so that no statement outlives its caller for long.
        alter role cuadre_jobs set statement_timeout = '590s';
        alter role cuadre_jobs set lock_timeout = '30s';
        alter role cuadre_jobs set idle_in_transaction_session_timeout = '60s';
        -- A night's statements sort and hash a few hundred thousand rows; compiling them costs more than it saves (2.5 s of 13.6).
        alter role cuadre_jobs set work_mem = '64MB';
        alter role cuadre_jobs set jit = 'off';
        alter role cuadre_jobs set timezone = 'UTC';
      end if;
      if not exists (select from pg_roles where rolname = 'cuadre_operator') then
        create role cuadre_operator login;
        alter role cuadre_operator set statement_timeout = '10s';
        alter role cuadre_operator set lock_timeout = '5s';
        alter role cuadre_operator set idle_in_transaction_session_timeout = '10s';
        alter role cuadre_operator set timezone = 'UTC';
      end if;
      if not exists (select from pg_roles where rolname = 'cuadre_reader') then
        create role cuadre_reader login;
        alter role cuadre_reader set statement_timeout = '10s';
        alter role cuadre_reader set lock_timeout = '5s';
        alter role cuadre_reader set idle_in_transaction_session_timeout = '10s';
        alter role cuadre_reader set default_transaction_read_only = 'on';
        alter role cuadre_reader set timezone = 'UTC';
      end if;
      -- On RDS these roles come in with IAM tokens. Where they are to use passwords, revoke rds_iam afterwards.
      if exists (select from pg_roles where rolname = 'rds_iam') then
        grant rds_iam to cuadre_jobs, cuadre_operator, cuadre_reader;
      end if;
      -- An administrator must be able to act as the owner; since 16 creating a role does not give that.
      if not pg_has_role(current_user, 'cuadre_owner',
                         case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end) then
        execute format('grant cuadre_owner to %I', current_user);
      end if;
      exit;
    exception when duplicate_object or unique_violation or internal_error then
      if attempt = 10 then
        raise;
      end if;
    end;
  end loop;
end
$$;

do $$
declare
  v_schema text;
  v_owner text;
begin
  foreach v_schema in array array['canon', 'ops', 'observational'] loop
    execute format('create schema if not exists %I authorization cuadre_owner', v_schema);
    select pg_get_userbyid(nspowner) into v_owner from pg_namespace where nspname = v_schema;
    if v_owner <> 'cuadre_owner' then
      raise exception 'the schema % exists already and belongs to %', v_schema, v_owner
        using hint = format('Move it away, or hand it over: alter schema %I owner to cuadre_owner', v_schema);
    end if;
    execute format('grant usage on schema %I to cuadre_jobs, cuadre_operator, cuadre_reader', v_schema);
  end loop;
end
$$;

comment on schema canon is 'What the business holds true: persons, claims, trips per driver and day.';
comment on schema ops is 'Runs, rules, and the views that say what should exist and why it does not.';
comment on schema observational is 'What was observed about persons: events, conversions, attributions.';
