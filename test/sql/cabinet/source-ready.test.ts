import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { testDatabase, versions } from '../../support/database.ts';

const answer = z.strictObject({ ready: z.boolean(), detail: z.string() });

describe.each(versions)('the question before a cabinet night, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });

  test.each([
    ['2026-01-13', true, 'trips of 2026-01-12 are loaded'],
    ['2026-01-14', false, 'public.summary_daily has no trips of 2026-01-13'],
    ['2025-11-04', true, 'trips of 2025-11-03 are loaded'],
    ['2024-01-01', false, 'public.summary_daily has no trips of 2023-12-31'],
  ])('as of %s is answered %s: %s', async (asOf, ready, detail) => {
    const jobs = database.connect('cuadre_jobs');
    expect(cabinetDaily.freshness.ready).toBe('ops.cabinet_source_ready');
    const rows = await jobs.sql(answer)`
      select ready, detail from ops.source_ready(${cabinetDaily.freshness.ready}, ${asOf}::date)`;
    expect(rows).toEqual([{ ready, detail }]);
  });

  test('that does not exist is refused, and nothing but a function’s name is asked', async () => {
    const jobs = database.connect('cuadre_jobs');
    for (const name of ['ops.no_such', 'ops.source_ready; drop table ops.runs']) {
      await expect(
        jobs.sql(answer)`select ready, detail from ops.source_ready(${name}, '2026-01-13')`,
      ).rejects.toThrow();
    }
  });
});
