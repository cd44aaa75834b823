-- grain: one threshold of a check, in force from a date on
-- requires: ops.v_cabinet_check_list
create or replace function ops.change_check_threshold(p_name text, p_threshold numeric, p_valid_from date, p_reason text) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer;
begin
  if not exists (select from ops.v_cabinet_check_list where name = p_name and threshold is not null) then
    raise exception 'there is no check % with a threshold', p_name using errcode = 'no_data_found';
  end if;
  insert into ops.check_thresholds (name, threshold, valid_from, reason)
  values (p_name, p_threshold, p_valid_from, p_reason)
  returning check_threshold_id into v_id;
  return v_id;
end
$$;

comment on function ops.change_check_threshold is 'Holds a check against another threshold from a date on, and says why; earlier dates keep theirs.';
