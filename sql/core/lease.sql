-- grain: one value, how long an attempt is taken to be alive after its last heartbeat
-- requires: none
-- Three missed beats of 10 s. Shorter would call a worker dead during one slow garbage collection or failover.
create or replace function ops.lease() returns interval
  language sql immutable parallel safe
  return interval '30 seconds';

comment on function ops.lease() is 'An attempt is alive for this long after its last heartbeat.';
