-- grain: one row per name key that exactly one driver has
-- requires: ops.name_token_key
-- A driver has one key: of the full name, else of its parts. Two drivers of a name are nobody's name.
-- Materialized: merged into what asks, a key (11 microseconds) is worked out at each mention of it, and once per row it is compared with.
create or replace view ops.v_driver_of_name as
with named as materialized (
  select
    d.driver_id,
    coalesce(nullif(ops.name_token_key(d.full_name), ''), ops.name_token_key(concat_ws(' ', d.first_name, d.middle_name, d.last_name)))
      as name_key
  from public.drivers d
)
select name_key, min(driver_id) as driver_id
from named
where name_key <> ''
group by name_key
having count(*) = 1;

comment on view ops.v_driver_of_name is 'The names that identify a driver, by ops.name_token_key. Holds keys of names: only the owner''s views read it.';
