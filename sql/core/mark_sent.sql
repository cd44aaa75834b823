-- grain: one message that the queue has accepted
-- requires: none
-- Nobody waits for this to be on disk: what a crash of the server takes back is sent again, and recognised by its receiver.
create or replace function ops.mark_sent(p_outbox_ids bigint[], p_sqs_message_ids text[]) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_sent integer;
begin
  set local synchronous_commit = off;
  update ops.outbox o
  set sent_at = clock_timestamp(), sqs_message_id = s.sqs_message_id
  from unnest(p_outbox_ids, p_sqs_message_ids) as s(outbox_id, sqs_message_id)
  where o.outbox_id = s.outbox_id and o.sent_at is null;
  get diagnostics v_sent = row_count;
  return v_sent;
end
$$;

comment on function ops.mark_sent is 'Records what SQS took, with the ids it gave.';
