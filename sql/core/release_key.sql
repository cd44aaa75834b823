-- grain: one pipeline; the key of the lock under which its slots are given
-- requires: none
create or replace function ops.release_key(p_pipeline text) returns bigint
  language sql immutable parallel safe
  return hashtextextended('ops.release ' || p_pipeline, 0);

comment on function ops.release_key is 'The advisory lock that ops.release takes.';
