-- grain: one row, a link that is being given out
-- requires: ops.upload_requests
create or replace function ops.request_upload(p_upload_id uuid, p_dataset text, p_by text, p_file_name text, p_bytes bigint) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  insert into ops.upload_requests (upload_id, dataset, requested_by, file_name, bytes)
  values (p_upload_id, p_dataset, p_by, p_file_name, p_bytes)
$$;

comment on function ops.request_upload is 'Records a link to upload a file by, before it is given out.';
