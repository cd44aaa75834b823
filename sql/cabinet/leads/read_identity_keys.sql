-- grain: one row per given id that the relation has, with what it is compared by
-- requires: canon.v_cabinet_lead_keys
-- Read from whatever relation has the columns of canon.v_cabinet_lead_keys, and not handed over as an array: of 100,000
-- leads that one took 90 MiB. Names are half of a key's time, and play no part without a plate or a car.
create or replace function canon.read_identity_keys(p_keys regclass, p_ids integer[])
  returns setof canon.identity_keys
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format($query$
    select k.lead_id::text, k.lead_date, k.phone, k.license, k.plate,
           case when k.plate is not null or k.brand is not null then k.tokens end, k.brand, k.model
    from unnest($1) wanted (id)
    join %s k on k.lead_id = wanted.id
  $query$, p_keys) using p_ids;
end
$$;

comment on function canon.read_identity_keys(regclass, integer[]) is 'The keys of some rows of a relation that is as canon.v_cabinet_lead_keys.';
