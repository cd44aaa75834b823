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

const byStage = z.record(z.string(), z.int());
const stages = z.looseObject({ before: byStage, after: byStage.nullable() });

/** Linked leads whose event is missing or is another person's. */
const orphans = `
  select count(*) from canon.identity_links k
  left join observational.lead_events e on e.source_table = k.source_table and e.source_pk = k.source_pk
  where k.source_table = 'module_ct_cabinet_leads' and e.person_key is distinct from k.person_key`;

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
      expect(ran.report?.['by_reason']).toEqual(expected.leads_job.by_reason);
      const { before, after } = stages.parse(ran.report?.['stages']);
      expect(after).toEqual(which === 'dry' ? null : before);
    },
  );

  test('the unmatched are open cases, one per lead, and a third run changes none of them', async () => {
    const cases = `select reason_code, status, count(*), count(*) filter (where details -> 'rules' = '{}'),
                          md5(string_agg(to_jsonb(u)::text, ',' order by id))
                   from canon.identity_unmatched u group by 1, 2 order by 1`;
    const before = await ask(database.admin, cases);
    expect(before.map((line) => line.split(' | ').slice(0, 3).join(' '))).toEqual([
      'NO_CANDIDATES OPEN 187',
      'MULTIPLE_CANDIDATES OPEN 5',
      'WEAK_MATCH_ONLY OPEN 6',
    ]);
    await runJob(database, leadsReconcile, { asOf, ...input });
    expect(await ask(database.admin, cases)).toEqual(before);
  });

  test('neither decisions nor unmatched rows name a person: no phones, no plates, no names', async () => {
    const leaks = await ask(
      database.admin,
      `with told as materialized (
         select string_agg(text, ' ') as text from (
           select evidence::text as text from ops.decisions
           union all select concat(details, candidates_preview) from canon.identity_unmatched
         ) t
       ), secret as (
         select canon.normalise_phone(park_phone) as text from public.module_ct_cabinet_leads
         union select canon.normalise_plate(asset_plate_number) from public.module_ct_cabinet_leads
         union select last_name from public.module_ct_cabinet_leads
       )
       select count(*), count(*) filter (where position(secret.text in told.text) > 0)
       from told, secret where length(secret.text) > 4`,
    );
    expect(leaks).toEqual([expect.stringMatching(/^\d{4} \| 0$/)]);
  });
});

describe.each(versions)('the golden night with events repaired on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });

  test('generates the claims that a missing event had vetoed: 28 inserted, none vetoed', async () => {
    await runJob(database, tripsLoad, { asOf });
    const before = await ask(database.admin, orphans);
    const leads = await runJob(database, leadsReconcile, { asOf, repairEvents: true });
    const { before: stood, after } = stages.parse(leads.report?.['stages']);
    expect(stood['TRIPS_NO_CLAIM']).toBe(5);
    expect(after?.['TRIPS_NO_CLAIM'] ?? 0).toBe(0);
    expect(await ask(database.admin, orphans)).toEqual(['0']);
    expect(leads.report).toMatchObject({ events_repaired: Number(before[0]) });
    const claims = await runJob(database, claimsReconcile, { asOf });
    expect(claims.report).toMatchObject({ gaps_found: 28, claims_inserted: 28, invalid_conditions: 0 });
    const again = await runJob(database, leadsReconcile, { asOf, repairEvents: true });
    expect(again.report).toMatchObject({ events_repaired: 0, matched: 0 });
  });
});
