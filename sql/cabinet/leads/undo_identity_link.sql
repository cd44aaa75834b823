-- grain: one row, the id of the undo
-- requires: canon.identity_links, canon.identity_link_undos, observational.lead_events
-- As its owner: an operator undoes links by this function alone, so none goes without its record. The event that the link
-- gave its person goes back to the person it had.
create or replace function canon.undo_identity_link(p_source_table text, p_source_pk text, p_reason text)
  returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_link canon.identity_links;
  v_undo_id bigint;
begin
  delete from canon.identity_links l
  where l.source_table = p_source_table and l.source_pk = p_source_pk
  returning l.* into v_link;
  if not found then
    raise exception 'no identity link of % %', p_source_table, p_source_pk using errcode = 'no_data_found';
  end if;
  insert into canon.identity_link_undos (source_table, source_pk, person_key, link, undone_by, reason)
  values (v_link.source_table, v_link.source_pk, v_link.person_key, to_jsonb(v_link),
          coalesce(nullif(current_setting('role'), 'none'), session_user), p_reason)
  returning undo_id into v_undo_id;
  update observational.lead_events e
  set person_key = (e.payload_json ->> 'previous_person_key')::uuid,
      payload_json = e.payload_json || jsonb_build_object('link_undo_id', v_undo_id)
  where e.source_table = v_link.source_table and e.source_pk = v_link.source_pk
    and e.person_key = v_link.person_key and e.payload_json ->> 'matched_by' = 'identity_link';
  return v_undo_id;
end
$$;

comment on function canon.undo_identity_link(text, text, text) is
  'Takes an identity link back, for a stated reason. No job makes the same link again; ops.v_identity_link_figures lists what stood on it.';
