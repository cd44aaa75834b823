-- grain: one value, whether a figure passes a threshold
-- requires: none
create or replace function ops.passes(p_value numeric, p_comparison text, p_threshold numeric) returns boolean
  language sql immutable parallel safe
  return case p_comparison
    when 'above' then p_value > p_threshold
    when 'below' then p_value < p_threshold
    when 'at_least' then p_value >= p_threshold
  end;

comment on function ops.passes is 'Whether a value is above, below (both strict) or at least a threshold; NULL when either is unknown.';
