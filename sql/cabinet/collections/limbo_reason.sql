-- grain: one value, what one lead lacks
-- requires: none
-- A function of what limbo knows of a lead, and so not kept with it: a sentence is as long as all the rest of its row.
create or replace function ops.limbo_reason(
  p_stage text, p_source_pk text, p_person_key uuid, p_driver_id text, p_driver_quarantined boolean, p_lead_date date, p_window_end date,
  p_trips bigint, p_first_missing_claim integer
)
  returns text
  language sql stable
as $$
  select case
    when p_stage = 'NO_IDENTITY' then format(
      'FALTA: vínculo de identidad. Acción: ejecutar cabinet.leads-reconcile para source_pk=%s (module_ct_cabinet_leads) y revisar teléfono, licencia y placa en los datos de origen.',
      p_source_pk)
    when p_stage = 'NO_DRIVER' then format(
      'FALTA: driver_id. Acción: revisar los vínculos de person_key=%s con la tabla drivers; puede necesitar un vínculo manual.',
      p_person_key)
    when p_stage = 'NO_TRIPS_14D' then format(
      'FALTA: viajes en la ventana. Acción: revisar summary_daily de driver_id=%s en [%s, %s); puede ser normal.',
      p_driver_id, p_lead_date, p_window_end)
    when p_stage = 'TRIPS_NO_CLAIM' and p_driver_quarantined then format(
      'FALTA: reclamo M%s con %s viajes: el conductor %s está en cuarentena y no se le calcula pago. Acción: resolver la cuarentena.',
      p_first_missing_claim, p_trips, p_driver_id)
    when p_stage = 'TRIPS_NO_CLAIM' then format(
      'FALTA: reclamo M%s con %s viajes. Acción: revisar el lead_event de source_pk=%s y ejecutar cabinet.claims-reconcile.',
      p_first_missing_claim, p_trips, p_source_pk)
    else 'COMPLETO: identidad, conductor, viajes y reclamos.'
  end;
$$;

comment on function ops.limbo_reason is 'In Spanish what a lead lacks, of whom, and what to do.';
