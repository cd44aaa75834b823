import * as z from 'zod';
import { NotFoundError } from '../../core/errors.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { instant } from '../../core/wire.ts';

const health = z.strictObject({
  mv_name: z.string(),
  last_ok_refresh_finished_at: instant.nullable(),
  hours_since_ok_refresh: z.number().nullable(),
  status_bucket: z.enum(['OK', 'WARN', 'CRIT', 'NO_REFRESH']).describe('OK below 24 hours, WARN below 48.'),
  last_status: z.enum(['OK', 'ERROR']).nullable(),
  last_error: z.string().nullable(),
  rows_after_refresh: z.int().nullable(),
  calculated_at: instant.describe('When this was asked: an answer is never the one before.'),
  stale: z.boolean().describe('Older than 1440 minutes.'),
  consecutive_failures: z.int(),
  as_of: z.iso.date().nullable().describe('The business day of the last good refresh.'),
});

/** GET how old the collection screens' view is. */
export const mvHealth = endpoint({
  method: 'GET',
  route: '/api/v1/yango/cabinet/mv-health',
  summary: 'Age and last refresh of the materialized view behind the collection screens',
  query: noParameters,
  path: noParameters,
  answer: health,
  problems: { 404: ['NO_SUCH_VIEW'] },
  async run({ event, environment }) {
    const [found] = await environment.control.sql(health)`
      select mv_name, last_ok_refresh_finished_at, hours_since_ok_refresh::double precision, status_bucket, last_status, last_error,
             rows_after_refresh::integer, calculated_at, stale, consecutive_failures::integer, as_of
      from ops.v_mv_health where schema_name = 'ops' and mv_name = 'mv_yango_cabinet_cobranza_enriched_14d'`;
    if (found === undefined) {
      throw new NotFoundError('the materialized view does not exist: run the migrate function', {
        code: 'NO_SUCH_VIEW',
      });
    }
    return ok(event, found);
  },
});
