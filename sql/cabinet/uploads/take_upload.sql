-- grain: one row, the upload as it is recorded
-- requires: ops.uploads, ops.take_leads, ops.take_trips, ops.take_payments, ops.staged_leads, ops.staged_trips, ops.staged_payments
-- The last step of the transaction that ops.begin_upload began; p_rejected are the lines that were never staged. Whoever only
-- wants to know rolls back: the record is made all the same, so that it can be read.
create or replace function ops.take_upload(
  p_upload_id uuid, p_dataset text, p_channel text, p_by text, p_file_name text, p_bytes bigint, p_sha256 text,
  p_columns text[], p_rejected bigint, p_job_run_id uuid, p_dry_run boolean
) returns ops.uploads
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken record;
  v_oldest timestamp;
  v_upload ops.uploads;
begin
  case p_dataset
    when 'leads' then select * into strict v_taken from ops.take_leads(p_upload_id, p_columns, p_dry_run);
    when 'trips' then
      select * into strict v_taken from ops.take_trips(p_upload_id, p_columns, p_dry_run);
      v_oldest := v_taken.oldest_created_at;
    when 'payments' then select * into strict v_taken from ops.take_payments(p_upload_id, p_columns, p_dry_run);
  end case;
  insert into ops.uploads as u (
    upload_id, dataset, channel, uploaded_by, file_name, bytes, sha256, columns, total_rows, inserted, ignored, different, rejected,
    first_date, last_date, oldest_created_at, job_run_id
  )
  values (
    p_upload_id, p_dataset, p_channel, p_by, p_file_name, p_bytes, p_sha256, p_columns,
    v_taken.inserted + v_taken.ignored + v_taken.different + v_taken.rejected + p_rejected,
    v_taken.inserted, v_taken.ignored, v_taken.different, v_taken.rejected + p_rejected,
    v_taken.first_date, v_taken.last_date, v_oldest, p_job_run_id
  )
  returning u.* into v_upload;
  execute format('truncate %s', format('ops.staged_%s', p_dataset)::regclass);
  return v_upload;
end
$$;

comment on function ops.take_upload is 'Takes the staged rows of a file in, and records what became of them.';
