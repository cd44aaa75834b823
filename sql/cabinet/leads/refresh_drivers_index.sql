-- grain: one row, the drivers added, changed and taken out
-- requires: canon.v_drivers_index_changes, ops.analyze_changed
-- As its owner: the jobs may call it and cannot read a driver's name or phone.
create or replace function canon.refresh_drivers_index()
  returns table (inserted integer, updated integer, removed integer)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  with change as materialized (
    select * from canon.v_drivers_index_changes
  ), gone as (
    delete from canon.drivers_index i using change c where c.change = 'DELETE' and i.driver_id = c.driver_id
  ), put as (
    insert into canon.drivers_index as i (
      driver_id, park_id, phone_norm, license_norm, plate_norm, name_tokens, brand_norm, model_norm, hire_date, source_digest)
    select
      d.driver_id, d.park_id, canon.normalise_phone(d.phone),
      coalesce(canon.normalise_license(d.license_normalized_number), canon.normalise_license(d.license_number)),
      coalesce(canon.normalise_plate(d.car_normalized_number), canon.normalise_plate(d.car_number)),
      canon.name_tokens(canon.normalise_name(n.full_name)),
      canon.normalise_label(d.car_brand), canon.normalise_label(d.car_model), d.hire_date, c.source_digest
    from change c join public.drivers d on d.driver_id = c.driver_id
    cross join lateral (select canon.full_name(d.full_name, d.first_name, d.middle_name, d.last_name) as full_name offset 0) n
    where c.change <> 'DELETE'
    on conflict (driver_id) do update set
      park_id = excluded.park_id, phone_norm = excluded.phone_norm, license_norm = excluded.license_norm,
      plate_norm = excluded.plate_norm, name_tokens = excluded.name_tokens, brand_norm = excluded.brand_norm,
      model_norm = excluded.model_norm, hire_date = excluded.hire_date, source_digest = excluded.source_digest, updated_at = now()
  )
  select count(*) filter (where change = 'INSERT'), count(*) filter (where change = 'UPDATE'), count(*) filter (where change = 'DELETE')
  into inserted, updated, removed
  from change;
  -- A first fill must not wait for autovacuum: matched without figures, the planner reads the index once per lead.
  perform ops.analyze_changed('canon.drivers_index', inserted + updated + removed);
  return next;
end
$$;

comment on function canon.refresh_drivers_index() is 'Brings canon.drivers_index up to public.drivers: only the rows that changed are made anew.';
