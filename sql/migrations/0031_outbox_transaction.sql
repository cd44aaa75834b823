-- Whoever commits messages sends them at once, and must not take those that somebody else has just committed and is sending.
alter table ops.outbox add column transaction_id xid8 not null default pg_current_xact_id();

comment on column ops.outbox.transaction_id is 'The transaction that wrote the message: it sends its own as soon as it has committed.';
