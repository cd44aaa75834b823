import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { mvHealth } from '../../../functions/api/collections/mv-health.ts';
import { cobranzaTable } from '../../../functions/api/collections/table.ts';
import { ownDatabase } from '../../support/database.ts';
import { call, environmentOf } from '../../support/http.ts';
import { goldenScreens } from './support.ts';

const screens = goldenScreens();

const moment = z.string().nullable();
const health = z.object({
  views: z.array(
    z.looseObject({
      name: z.string(),
      last_ok_refresh_finished_at: moment,
      last_refresh_finished_at: moment,
    }),
  ),
});

describe('GET mv-health', () => {
  test('says how old the view is', async () => {
    expect((await call(mvHealth, screens().reader)).body).toEqual({
      mv_name: 'mv_yango_cabinet_cobranza_enriched_14d',
      last_ok_refresh_finished_at: expect.any(String),
      hours_since_ok_refresh: 0,
      status_bucket: 'OK',
      last_status: 'OK',
      last_error: null,
      rows_after_refresh: 664,
      calculated_at: expect.any(String),
      stale: false,
      consecutive_failures: 0,
      as_of: '2026-01-13',
      views: expect.any(Array),
    });
  });

  test('shows each view that the refresh keeps: whether it is ready, its last refresh, and what came of it', async () => {
    const { database, reader } = screens();
    const [logged] = await database.admin.sql(z.strictObject({ limbo: z.int(), run_id: z.guid() }))`
      select rows_after_refresh::integer as limbo, j.run_id from ops.mv_refresh_log join ops.job_runs j using (job_run_id)
      where mv_name = 'mv_cabinet_limbo' order by id desc limit 1`;
    const { views } = health.parse((await call(mvHealth, reader)).body);
    const good = {
      not_ready: null,
      status_bucket: 'OK',
      stale: false,
      last_status: 'OK',
      last_error: null,
      consecutive_failures: 0,
      as_of: '2026-01-13',
      run_id: logged?.run_id,
      mode: 'plain',
    };
    expect(views).toMatchObject([
      { name: 'ops.mv_cabinet_limbo', ...good, rows_after_refresh: logged?.limbo },
      { name: 'ops.mv_yango_cabinet_cobranza_enriched_14d', ...good, rows_after_refresh: 664 },
      { name: 'ops.mv_cabinet_cobranza_totals', ...good },
      { name: 'ops.mv_cabinet_limbo_totals', ...good },
    ]);
    for (const { duration_ms, last_ok_refresh_finished_at, last_refresh_finished_at } of views) {
      expect(duration_ms).toBeGreaterThanOrEqual(0);
      expect(last_refresh_finished_at).toBe(last_ok_refresh_finished_at);
    }
  });

  test('a view without its index is not ready; one whose refresh fails says why, and keeps its last good one', async () => {
    const database = await ownDatabase();
    await database.admin.script(`
      set role cuadre_owner;
      create table canon.numbers as select 1 as n;
      create materialized view canon.mv_of_numbers as select 10 / n as n from canon.numbers;
      create unique index on canon.mv_of_numbers (n);
      reset role;
      select ops.refresh_materialized_view('canon', 'mv_of_numbers', null, null);
      update canon.numbers set n = 0;
      select ops.refresh_materialized_view('canon', 'mv_of_numbers', null, null);
      select ops.refresh_materialized_view('canon', 'mv_of_numbers', null, null);
      drop index ops.idx_mv_cobranza_enriched_driver_id_unique;
      refresh materialized view ops.mv_yango_cabinet_cobranza_enriched_14d;`);
    const { views } = health.parse((await call(mvHealth, environmentOf(database, 'cuadre_reader'))).body);
    const view = (name: string) => views.find((each) => each.name === name);
    expect(view('ops.mv_yango_cabinet_cobranza_enriched_14d')).toMatchObject({
      not_ready: 'NO_UNIQUE_INDEX',
      status_bucket: 'NO_REFRESH',
      duration_ms: null,
    });
    expect(view('ops.mv_cabinet_limbo')).toMatchObject({ not_ready: 'NOT_POPULATED' });
    const failed = view('canon.mv_of_numbers');
    expect(failed).toMatchObject({
      not_ready: null,
      status_bucket: 'OK',
      last_status: 'ERROR',
      last_error: 'division by zero',
      rows_after_refresh: 1,
      mode: 'concurrently',
      consecutive_failures: 2,
    });
    const [good, last] = [failed?.last_ok_refresh_finished_at, failed?.last_refresh_finished_at];
    expect(Date.parse(last ?? '')).toBeGreaterThanOrEqual(Date.parse(good ?? ''));
    expect(last).not.toBe(good);
  });

  test('before the first refresh says so; the table then refuses, and its live view answers', async () => {
    const database = await ownDatabase();
    const reader = environmentOf(database, 'cuadre_reader');
    expect((await call(mvHealth, reader)).body).toMatchObject({
      status_bucket: 'NO_REFRESH',
      stale: true,
      last_status: null,
    });
    expect(await call(cobranzaTable, reader)).toMatchObject({ status: 404, body: { code: 'NOT_REFRESHED' } });
    // As often as it takes for PostgreSQL to prefer a plan for every parameter, which would open the empty view.
    for (let time = 0; time < 8; time += 1) {
      const live = await call(cobranzaTable, reader, { query: { use_materialized: 'false' } });
      expect([live.status, live.body]).toMatchObject([200, { meta: { total: 0 } }]);
    }
  });

  test('of a view that a deployment made anew is that of the new one', async () => {
    const { database } = screens();
    await database.admin.script(
      `refresh materialized view ops.mv_yango_cabinet_cobranza_enriched_14d with no data`,
    );
    expect((await call(mvHealth, screens().reader)).body).toMatchObject({ status_bucket: 'NO_REFRESH' });
    expect(await call(cobranzaTable, screens().reader)).toMatchObject({ status: 404 });
  });
});
