-- grain: one row per column that a relation has to have and has not
-- requires: ops.v_cabinet_leads_limbo, ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_gap_14d, ops.mv_yango_cabinet_cobranza_enriched_14d
-- Screens, exports and whoever queries the database read these by name. By text and not by regclass, so that a relation that
-- is gone is a row here and not an error.
create or replace view ops.check_cabinet_relation_columns as
select
  format('%s.%s', c.relation, c.column_name) as subject,
  'falta la columna' as detail,
  jsonb_build_object('relation', c.relation, 'column', c.column_name) as evidence
from (
  select relation, unnest(string_to_array(columns, ' ')) as column_name
  from (values
    ('ops.v_cabinet_leads_limbo',
     'lead_id lead_source_pk lead_date week_start park_phone asset_plate_number lead_name person_key driver_id trips_14d window_end_14d reached_m1_14d reached_m5_14d reached_m25_14d expected_amount_14d has_claim_m1 has_claim_m5 has_claim_m25 limbo_stage limbo_reason_detail'),
    ('ops.v_cabinet_claims_expected_14d',
     'lead_id lead_source_pk lead_date_canonico week_start person_key driver_id window_end_14d milestone trips_in_window milestone_reached claim_expected amount_expected expected_reason_detail'),
    ('ops.v_cabinet_claims_gap_14d',
     'lead_id lead_source_pk lead_date week_start person_key driver_id window_end_14d milestone_value trips_14d milestone_achieved claim_expected claim_exists claim_status gap_reason gap_detail expected_amount'),
    ('ops.mv_yango_cabinet_cobranza_enriched_14d',
     'scout_id scout_name scout_name_normalized scout_is_active scout_quality_bucket is_scout_resolved scout_source_table scout_attribution_date scout_priority')
  ) contract (relation, columns)
) c
left join pg_attribute a on a.attrelid = to_regclass(c.relation) and a.attname = c.column_name and a.attnum > 0 and not a.attisdropped
where a.attname is null;

comment on view ops.check_cabinet_relation_columns is 'Limbo, expected claims, gaps and collections have the columns that others read.';
