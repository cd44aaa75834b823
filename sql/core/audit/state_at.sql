-- grain: one row, the state that a row had at a moment, or none
-- requires: none
-- Before the first that was recorded, that one: nothing older is known.
create or replace function ops.state_at(p_source text, p_key text, p_at timestamptz)
  returns table (state_id bigint, changed_at timestamptz, state jsonb)
  language sql stable
begin atomic
  select s.state_id, s.changed_at, s.state
  from ops.recorded_states s
  where s.source = p_source and s.key = p_key
  order by s.changed_at <= p_at desc, case when s.changed_at <= p_at then -s.state_id else s.state_id end
  limit 1;
end;

comment on function ops.state_at is 'What a rule, a setting or a schema object was at a moment, by ops.recorded_states.';
