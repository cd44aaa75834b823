import * as z from 'zod';
import { endpoint, noParameters, ok } from '../core/http.ts';

const reach = z.strictObject({
  table_row_count: z.int(),
  max_lead_date_in_table: z.iso.date().nullable(),
  max_event_date_in_lead_events: z.iso.date().nullable(),
  max_snapshot_date_in_identity_links: z.iso.date().nullable(),
  recommended_start_date: z.iso.date().nullable(),
  processed_external_ids_count: z.int(),
});

const lastUpload = z.strictObject({
  upload_id: z.guid(),
  channel: z.string(),
  uploaded_by: z.string(),
  uploaded_at: z.string(),
  file_name: z.string().nullable(),
  total_rows: z.int(),
  inserted: z.int(),
  ignored: z.int(),
  different: z.int(),
  rejected: z.int(),
  first_date: z.iso.date().nullable(),
  last_date: z.iso.date().nullable(),
});

/** GET /api/v1/cabinet-leads/diagnostics: how far the leads reach, and what the last file brought. */
export const leadsDiagnostics = endpoint({
  method: 'GET',
  route: '/api/v1/cabinet-leads/diagnostics',
  summary: 'How far the leads reach, and the last file of them',
  query: noParameters,
  path: noParameters,
  answer: z.strictObject({ ...reach.shape, last_upload: lastUpload.nullable() }),
  async run({ event, environment }) {
    const { sql } = environment.control;
    const [found] = await sql(reach)`
      select table_row_count::integer as table_row_count, max_lead_date_in_table, max_event_date_in_lead_events, max_snapshot_date_in_identity_links,
             recommended_start_date, processed_external_ids_count::integer as processed_external_ids_count
      from ops.v_cabinet_leads_diagnostics`;
    const [last] = await sql(lastUpload)`
      select upload_id, channel, uploaded_by, uploaded_at, file_name, total_rows::integer as total_rows, inserted::integer as inserted,
             ignored::integer as ignored, different::integer as different, rejected::integer as rejected, first_date, last_date
      from ops.uploads where dataset = 'leads' order by uploaded_at desc, upload_id limit 1`;
    return ok(event, { ...found, last_upload: last ?? null });
  },
});
