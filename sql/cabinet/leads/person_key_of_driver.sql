-- grain: one row, the key of the person made for a driver
-- requires: none
-- From the driver's id and not at random: whoever loads the same data again, in whatever order, gets the same persons.
create or replace function canon.person_key_of_driver(p_driver_id text) returns uuid
  language sql immutable parallel safe
as $$
  select md5('cuadre:person-of-driver:' || p_driver_id)::uuid
$$;

comment on function canon.person_key_of_driver(text) is 'The person_key that a driver who is no known person is given.';
