-- grain: none; one upload of a dataset at a time, until its transaction ends
-- requires: ops.staged_leads, ops.staged_trips, ops.staged_payments
-- Whoever comes second waits, and then finds what the first one added. Rows that a broken upload left behind are no longer
-- visible to anybody, but they are still on the disk: emptying the table takes them away.
create or replace function ops.begin_upload(p_dataset text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('ops.uploads ' || p_dataset, 0));
  if pg_relation_size(format('ops.staged_%s', p_dataset)::regclass) > 0 then
    execute format('truncate %s', format('ops.staged_%s', p_dataset)::regclass);
  end if;
end
$$;

comment on function ops.begin_upload is 'Waits for its turn and empties the table in which the file''s rows will wait.';
