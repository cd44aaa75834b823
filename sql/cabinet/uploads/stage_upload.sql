-- grain: one row per row of p_rows, an array of the staged table's own rows as text
-- requires: ops.staged_leads, ops.staged_trips, ops.staged_payments
-- One text, and not COPY: the client needs no COPY, and array_in parses composite values as fast.
create or replace function ops.stage_upload(p_dataset text, p_rows text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  case p_dataset
    when 'leads' then insert into ops.staged_leads select * from unnest(p_rows::ops.staged_leads[]);
    when 'trips' then insert into ops.staged_trips select * from unnest(p_rows::ops.staged_trips[]);
    when 'payments' then insert into ops.staged_payments select * from unnest(p_rows::ops.staged_payments[]);
  end case;
end
$$;

comment on function ops.stage_upload is 'Adds a piece of the file to the table in which its rows wait.';
