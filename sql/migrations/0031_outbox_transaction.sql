-- Whoever commits messages sends them at once, and must not take those that somebody else has just committed and is sending.
alter table ops.outbox add column xact_id bigint not null default txid_current();
create index outbox_unsent_by_transaction on ops.outbox (xact_id, outbox_id) where sent_at is null;

comment on column ops.outbox.xact_id is 'The transaction that wrote the message: it sends its own as soon as it has committed.';
