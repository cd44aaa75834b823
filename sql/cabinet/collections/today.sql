-- grain: one value, the day that overdue days are counted from
-- requires: ops.as_of
-- The business date of a job; for everyone else the calendar day in Lima, wherever the server is.
create or replace function ops.today() returns date
  language sql stable parallel safe
  return coalesce(ops.as_of(), (now() at time zone 'America/Lima')::date);

comment on function ops.today() is 'The business date of the current transaction, else today in America/Lima.';
