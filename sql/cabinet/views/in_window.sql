-- grain: one value
-- requires: none
-- C-05, the boundary of every window in which something is achieved, said once. Simple enough for the planner to put it in the
-- caller's place: its two comparisons are then the bounds of an index, as if they stood there.
create or replace function ops.in_window(p_day date, p_day_zero date, p_days integer) returns boolean
  language sql immutable parallel safe
  return p_day >= p_day_zero and p_day < p_day_zero + p_days;

comment on function ops.in_window is 'Whether a day is one of so many from day zero on, day zero the first: day 13 is in a window of 14 days, day 14 is not.';
