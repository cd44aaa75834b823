import * as z from 'zod';
import { NotFoundError } from '../../core/errors.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { instant } from '../../core/wire.ts';

const age = {
  last_ok_refresh_finished_at: instant.nullable(),
  hours_since_ok_refresh: z.number().nullable(),
  status_bucket: z.enum(['OK', 'WARN', 'CRIT', 'NO_REFRESH']).describe('OK below 24 hours, WARN below 48.'),
  last_status: z.enum(['OK', 'ERROR']).nullable(),
  last_error: z.string().nullable(),
  rows_after_refresh: z.int().nullable(),
  stale: z.boolean().describe('Older than 1440 minutes.'),
  consecutive_failures: z.int(),
  as_of: z.iso.date().nullable().describe('The business day of the last good refresh.'),
};

const kept = z
  .strictObject({
    name: z.string().describe('`schema.name`, as cabinet.mv-refresh takes it.'),
    not_ready: z
      .enum(['NOT_POPULATED', 'NO_UNIQUE_INDEX', 'INDEX_INVALID'])
      .nullable()
      .describe('Why readers have to wait for its next refresh; null where they go on.'),
    ...age,
    last_refresh_finished_at: instant.nullable().describe('Good or not.'),
    mode: z.enum(['concurrently', 'plain']).nullable().describe('Of the last good refresh.'),
    duration_ms: z.int().nullable().describe('Of the last good refresh.'),
    run_id: z.guid().nullable().describe('Of the last good refresh.'),
  })
  .meta({ id: 'KeptView' });

/** Of the view that the screens stand on; what else is known of it is left out here, and stands in `views`. */
const screens = z.object({
  ...age,
  calculated_at: instant.describe('When this was asked: an answer is never the one before.'),
});

const answer = z.strictObject({
  mv_name: z.string(),
  ...screens.shape,
  views: z.array(kept).describe('All that the refresh keeps, in its order; the fields above are of mv_name.'),
});

const row = z.strictObject({ ...kept.shape, calculated_at: instant });

/** What the collection screens' drivers are read from. */
const COBRANZA = 'mv_yango_cabinet_cobranza_enriched_14d';

/** GET how old the collection screens' view is, and each other that the refresh keeps. */
export const mvHealth = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/mv-health',
  summary: 'Age, last refresh and readiness of the materialized views behind the collection screens',
  query: noParameters,
  path: noParameters,
  answer,
  problems: { 404: ['NO_SUCH_VIEW'] },
  async run({ event, environment }) {
    const rows = await environment.control.sql(row)`
      select schema_name || '.' || mv_name as name, not_ready, last_ok_refresh_finished_at, hours_since_ok_refresh::double precision,
             status_bucket, last_status, last_error, rows_after_refresh::integer, stale, consecutive_failures::integer, as_of,
             last_refresh_finished_at, mode, duration_ms, run_id, calculated_at
      from ops.v_mv_health order by level, schema_name, mv_name`;
    const found = rows.find(({ name }) => name === `ops.${COBRANZA}`);
    if (found === undefined) {
      throw new NotFoundError(
        'the materialized view does not exist: call the migrate function with {"dryRun": false}, or deploy',
        {
          code: 'NO_SUCH_VIEW',
        },
      );
    }
    const views = rows.map(({ calculated_at: _asked, ...view }) => view);
    return ok(event, { mv_name: COBRANZA, ...screens.parse(found), views });
  },
});
