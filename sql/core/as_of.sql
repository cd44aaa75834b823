-- grain: one value, the business date of the current transaction
-- requires: none
-- NULL outside a job: views then show the current state. A transaction-local setting and not a parameter,
-- so that one view serves the jobs and the readers, and no job's author can forget to pass the date on.
create or replace function ops.as_of() returns date
  language sql stable parallel safe
  return nullif(current_setting('cuadre.as_of', true), '')::date;

comment on function ops.as_of() is 'The business date a job works for; NULL when nobody set one.';
