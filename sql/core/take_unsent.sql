-- grain: one unsent message that is worth sending, locked until the transaction ends
-- requires: none
-- Skip locked: two senders at once share the work instead of sending twice. A run of a backfill begins in the transaction
-- that ends another: whoever sends for one of its runs sends for all.
-- Jobs that a person cancelled are over: were their messages taken, one whose queue is gone would be tried for ever. Of runs that
-- ended otherwise they are taken, since most of them were sent and only the record is missing; so is the message that wakes
-- the sweeper, which stands for no job run: a redrive or a backfill may wait for it.
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
    and not (o.message ? 'jobRunId' and exists (
          select from ops.runs r where r.run_id = o.run_id and r.status = 'failed' and r.error ->> 'code' = 'CANCELLED'))
  order by o.outbox_id
  limit p_limit
  for update skip locked;
$$;

comment on function ops.take_unsent is 'Outbox rows that are due: of one run and of those to which it gave its slots, or (NULL) of all.';
