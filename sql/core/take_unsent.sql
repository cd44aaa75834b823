-- grain: one unsent message, locked until the transaction ends
-- requires: none
-- Skip locked: two senders at once share the work instead of sending twice. A run of a backfill begins in the transaction
-- that ends another: whoever sends for one of its runs sends for all.
create or replace function ops.take_unsent(p_run_id uuid, p_limit integer)
  returns table (outbox_id bigint, job text, message jsonb)
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select o.outbox_id, o.job, o.message
  from ops.outbox o
  where o.sent_at is null
    and (p_run_id is null or o.run_id = p_run_id or o.released_by = p_run_id
         or o.run_id = any (array(
              select other.run_id from ops.backfill_dates one join ops.backfill_dates other using (backfill_id)
              where one.run_id = p_run_id and other.run_id is not null)))
  order by o.outbox_id
  limit p_limit
  for update skip locked;
$$;

comment on function ops.take_unsent is 'Outbox rows that are due: of one run and of those to which it gave its slots, or (NULL) of all.';
