-- grain: one message that the queue has accepted
-- requires: none
-- Nobody waits for this to be on disk: what a crash of the server takes back is sent again, and recognised by its receiver.
-- It holds for the whole transaction: one that does anything else must not call this.
create or replace function ops.mark_sent(p_outbox_ids bigint[], p_sqs_message_ids text[]) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_sent integer;
begin
  set local synchronous_commit = off;
  -- By the key alone: with "and sent_at is null" the plan may be one that walks whatever was ever unsent.
  update ops.outbox o
  set sent_at = coalesce(o.sent_at, clock_timestamp()),
      sqs_message_id = coalesce(o.sqs_message_id, p_sqs_message_ids[array_position(p_outbox_ids, o.outbox_id)])
  where o.outbox_id = any (p_outbox_ids);
  get diagnostics v_sent = row_count;
  return v_sent;
end
$$;

comment on function ops.mark_sent is 'Records what SQS took, with the ids it gave.';
