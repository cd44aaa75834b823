-- grain: one row per thing wrong with a line that was not taken
-- requires: ops.uploads, ops.upload_rejects
create or replace function ops.stage_upload_rejects(
  p_upload_id uuid, p_lines bigint[], p_fields text[], p_rules text[], p_shapes text[]
) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from ops.uploads u where u.upload_id = p_upload_id) then
    raise exception 'upload % is complete', p_upload_id using errcode = 'restrict_violation';
  end if;
  insert into ops.upload_rejects (upload_id, line, verdict, field, rule, shape)
  select p_upload_id, line, 'rejected', field, rule, shape
  from unnest(p_lines, p_fields, p_rules, p_shapes) as r (line, field, rule, shape);
end
$$;

comment on function ops.stage_upload_rejects is 'Records what is wrong with lines of an upload that is being taken in.';
