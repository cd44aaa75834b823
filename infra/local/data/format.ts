/**
 * The format of a data set: a directory with one file per table, `<schema>.<table>.csv`, header first. This is the
 * only list of its files and columns. Columns that a table has beyond these are the program's own (a claim's rule).
 * Tables stand in the order in which they can be filled: each after those that its keys point to.
 */
export interface DatasetTable {
  /** `schema.table`; its file is `<name>.csv`. */
  readonly name: string;
  readonly columns: readonly string[];
}

const tables = {
  'public.module_ct_cabinet_leads':
    'id external_id lead_created_at created_at first_name middle_name last_name park_phone asset_plate_number ' +
    'asset_model asset_color park_name status tariff target_city activation_city active_1 active_5 active_10 ' +
    'active_15 active_25 active_50 active_100 last_active_date',
  'public.summary_daily': 'driver_id date_file count_orders_completed sum_work_time_seconds created_at',
  'public.drivers':
    'driver_id park_id full_name first_name middle_name last_name phone hire_date fire_date work_status car_brand ' +
    'car_model car_number car_normalized_number license_number license_normalized_number created_at',
  'public.module_ct_migrations':
    'id driver_id driver_name scout_id scout_name hire_date created_at updated_at',
  'public.module_ct_scouting_daily':
    'id registration_date scout_id driver_license driver_name driver_phone acquisition_method created_at updated_at',
  'public.module_ct_scouts_list': 'scout_id raw_name name is_active created_at updated_at',
  'canon.identity_registry':
    'person_key created_at updated_at confidence_level primary_phone primary_document primary_license ' +
    'primary_full_name flags',
  'public.module_ct_cabinet_payments':
    'id date time scout_id driver trip_1 trip_5 trip_25 created_at updated_at driver_id person_key',
  'canon.identity_links':
    'id person_key source_table source_pk snapshot_date match_rule match_score confidence_level evidence linked_at ' +
    'run_id',
  'canon.driver_orphan_quarantine':
    'driver_id person_key detected_at detected_reason creation_rule evidence_json status resolved_at resolution_notes',
  'observational.lead_events':
    'id source_table source_pk event_date person_key scout_id payload_json created_at',
  'observational.lead_ledger':
    'person_key attributed_source attributed_scout_id attribution_rule attribution_score confidence_level ' +
    'evidence_json decision_status updated_at',
  'ops.partner_payment_rules':
    'id origin_tag window_days milestone_trips amount currency valid_from valid_to is_active notes created_at updated_at',
  'ops.scout_payment_rules':
    'id origin_tag window_days milestone_trips amount currency valid_from valid_to is_active notes created_at ' +
    'updated_at milestone_type milestone_value',
  'canon.claims_yango_cabinet_14d':
    'claim_id person_key driver_id lead_source_pk lead_date milestone amount_expected status expected_at generated_at ' +
    'paid_at reason created_at updated_at',
};

export const datasetTables: readonly DatasetTable[] = Object.entries(tables).map(([name, columns]) => ({
  name,
  columns: columns.split(' '),
}));
