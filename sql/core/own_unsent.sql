-- grain: one message that this very transaction has written, of whatever run
-- requires: none
-- A backfill goes on at the end of the transaction that ends one of its runs: it is asked to now, so that what it starts is among them.
create or replace function ops.own_unsent() returns table (outbox_id bigint, job text, message jsonb)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  set constraints ops.backfill_goes_on immediate;
  return query
    select o.outbox_id, o.job, o.message
    from ops.outbox o
    where o.sent_at is null and o.xact_id = txid_current()
    order by o.outbox_id;
end
$$;

comment on function ops.own_unsent() is 'The messages that the transaction under way has written: whoever commits it sends them.';
