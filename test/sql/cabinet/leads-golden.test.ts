import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { goldenDirectory, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

/** What the data set says must come out, written by hand and not by this code. */
const expected = z
  .looseObject({
    as_of: z.string(),
    limbo: z.looseObject({ by_week: z.record(z.string(), z.array(z.int())) }),
    leads_job: z.looseObject({
      input: z.record(z.string(), z.unknown()),
      by_stage: z.record(z.string(), z.unknown()),
      by_reason: z.record(z.string(), z.int()),
      limbo_after: z.literal('unchanged'),
      historic_range_mode: z.unknown(),
    }),
  })
  .parse(JSON.parse(readFileSync(join(goldenDirectory, 'expected.json'), 'utf8')));

const asOf = expected.as_of;
const { limbo_after: _, historic_range_mode: _range, input, ...figures } = expected.leads_job;

describe.each(versions)('the golden leads on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });

  beforeAll(async () => {
    await runJob(database, tripsLoad, { asOf });
  });

  test('stand in limbo week by week as the data set says', async () => {
    const rows = await ask(
      database.admin,
      `select week_start, count(*), count(*) filter (where limbo_stage = 'NO_IDENTITY'), count(*) filter (where limbo_stage = 'NO_DRIVER'),
              count(*) filter (where limbo_stage = 'NO_TRIPS_14D'), count(*) filter (where limbo_stage = 'TRIPS_NO_CLAIM'), count(*) filter (where limbo_stage = 'OK')
       from ops.v_cabinet_lead_stages group by week_start order by week_start desc`,
      asOf,
    );
    expect(rows).toEqual(
      Object.entries(expected.limbo.by_week).map(([week, counts]) => [week, ...counts].join(' | ')),
    );
  });

  test.each(['dry', 'first', 'second'])(
    '%s run: the figures of the data set, limbo unchanged',
    async (which) => {
      const ran = await runJob(database, leadsReconcile, { asOf, ...input, dryRun: which === 'dry' });
      expect(ran.error).toBeNull();
      expect(ran.report).toMatchObject(figures);
    },
  );
});
