import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { givenLeads, givenRules } from '../../support/cabinet.ts';
import { ownDatabase, type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { broken, offendingOf } from './checks-given.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-13';
const kept = 'ops.mv_cabinet_limbo';
const totals = 'ops.mv_cabinet_limbo_totals';
const together = `select ops.mv_refreshed_together('mv_cabinet_limbo', 'mv_cabinet_limbo_totals')`;

/** Rows of one side that the other has not, every column looked at. */
const apart = (database: TestDatabase) =>
  ask(
    database.admin,
    `select count(*) from (
       (select * from ops.v_cabinet_limbo_kept except all select * from ops.v_cabinet_leads_limbo)
       union all (select * from ops.v_cabinet_leads_limbo except all select * from ops.v_cabinet_limbo_kept)) r`,
    asOf,
  );

describe.each(versions)('limbo as kept, on PostgreSQL %i', (version) => {
  describe('of the golden data', () => {
    const database = testDatabase({ version, golden: true });
    beforeAll(async () => {
      await runJob(database, tripsLoad, { asOf });
      await runJob(database, leadsReconcile, { asOf });
      await runJob(database, mvRefresh, { asOf });
    });

    test('is what the view says at the refresh, sentences included', async () => {
      expect(await ask(database.admin, `select count(*) from ${kept}`)).toEqual(['849']);
      expect(await apart(database)).toEqual(['0']);
    });

    test('has its columns in the order of the view', async () => {
      const columns = (relation: string) =>
        ask(
          database.admin,
          `select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute
           where attrelid = '${relation}'::regclass and attnum > 0 order by attnum`,
        );
      expect(await columns('ops.v_cabinet_limbo_kept')).toEqual(await columns('ops.v_cabinet_leads_limbo'));
    });

    test.each([
      ['everything', 'null, null, null, null', 'true'],
      ['a stage', `'NO_DRIVER', null, null, null`, `limbo_stage = 'NO_DRIVER'`],
      ['a week', `null, '2026-01-05', null, null`, `week_start = '2026-01-05'`],
      ['a day that is no Monday', `null, '2026-01-06', null, null`, 'false'],
      ['from a day', `null, null, '2026-01-06', null`, `lead_date >= '2026-01-06'`],
      ['to a day', `null, null, null, '2026-01-06'`, `lead_date <= '2026-01-06'`],
      [
        'all of it',
        `'OK', '2025-12-29', '2025-12-30', '2026-01-03'`,
        `limbo_stage = 'OK' and lead_date between '2025-12-30' and '2026-01-03'`,
      ],
    ])('%s: page and figures are those of the rows', async (_what, filter, condition) => {
      const pages = () =>
        ask(database.admin, `select lead_id from ops.limbo_page(${filter}, null, null, 1000, 0)`);
      const figures = (from: string) =>
        ask(
          database.admin,
          `select limbo_stage, sum(leads), sum(leads_with_identity), sum(leads_with_claims), sum(leads_without_identity),
                  sum(leads_without_claims), sum(leads_without_both) from (${from}) f group by 1 order by 1`,
        );
      const said = () => figures(`select * from ops.limbo_totals(${filter})`);
      const listed = await ask(
        database.admin,
        `select lead_id from ops.v_cabinet_leads_limbo where ${condition} order by week_start desc, lead_date desc, lead_id`,
      );
      expect(await pages()).toEqual(listed);
      expect(
        await ask(
          database.admin,
          `select lead_id from ops.limbo_leads(${filter}) order by lead_date desc, lead_id`,
        ),
      ).toEqual(listed);
      const claimed = '(has_claim_m1 or has_claim_m5 or has_claim_m25)';
      const counted = await figures(`
        select limbo_stage, 1 as leads, (person_key is not null)::integer as leads_with_identity, ${claimed}::integer as leads_with_claims,
               (person_key is null)::integer as leads_without_identity, (not ${claimed})::integer as leads_without_claims,
               (person_key is null and not ${claimed})::integer as leads_without_both
        from ops.v_cabinet_leads_limbo where ${condition}`);
      expect(await ask(database.admin, together)).toEqual(['true']);
      expect(await said()).toEqual(counted);
      // As if another run had refreshed the rows since: the figures are then worked out from them.
      const [run = ''] = await ask(database.admin, 'select distinct job_run_id from ops.mv_refresh_log');
      await database.admin.script(`update ops.mv_refresh_log set job_run_id = null`);
      const workedOut = [await ask(database.admin, together), await said()];
      await database.admin.script(`update ops.mv_refresh_log set job_run_id = '${run}'`);
      expect(workedOut).toEqual([['-'], counted]);
    });

    test('a page after a lead goes on where the one before ended', async () => {
      const page = (after: string, offset: number) =>
        ask(
          database.admin,
          `select lead_date, lead_id from ops.limbo_page(null, null, null, null, ${after}, 7, ${offset})`,
        );
      const before = await page('null, null', 100);
      const [date, lead] = (before.at(-1) ?? '').split(' | ');
      expect(await page(`'${date}', ${lead}`, 0)).toEqual(await page('null, null', 107));
    });

    test('a page is read in its order from an index, all leads or a stage', async () => {
      const plan = async (stage: string) => {
        await database.admin.script(`
          create table if not exists public.plan (line text); truncate public.plan;
          do $$ declare r text; begin
            for r in execute 'explain select * from ops.v_cabinet_limbo_kept where ${stage} lead_date <= ''2026-01-01''
              order by lead_date desc, lead_id limit 5'
            loop insert into public.plan values (r); end loop;
          end $$`);
        return (await ask(database.admin, 'select line from public.plan')).join('\n');
      };
      expect(await plan('')).toMatch(/Index Scan using mv_cabinet_limbo_page/);
      expect(await plan(`limbo_stage = ''OK'' and`)).toMatch(
        /Index Scan using mv_cabinet_limbo_(stage_)?page/,
      );
      expect(await plan('')).not.toMatch(/Sort|Function Scan/);
    });
  });

  describe('checked', () => {
    const database = testDatabase({ version });
    beforeEach(async () => {
      await database.admin.script(emptied);
      await givenRules(database.admin);
      await givenLeads(database.admin, [
        { id: 1, date: '2026-01-05', trips: { 0: 5 } },
        { id: 2, date: '2026-01-06' },
      ]);
      await runJob(database, mvRefresh, { asOf });
    });
    const listed = (name: string, day = asOf) => ask(database.admin, offendingOf(`l.name = '${name}'`), day);

    test('nothing is found right after a refresh', async () => {
      expect(await ask(database.admin, offendingOf(`l.source = 'limbo'`), asOf)).toEqual([]);
    });

    test('limbo_mv_rows finds every lead that changed after the refresh, whichever side lacks it', async () => {
      await database.admin.script(`
        update public.module_ct_cabinet_leads set park_phone = '999' where id = 1;
        delete from public.module_ct_cabinet_leads where id = 2`);
      await givenLeads(database.admin, [{ id: 3, date: '2026-01-06' }]);
      expect(await listed('limbo_mv_rows')).toEqual([1, 2, 3].map((id) => `limbo_mv_rows | W | lead:${id}`));
      expect(await listed('limbo_mv_rows', '2026-01-14')).toEqual([]);
    });

    test('limbo_totals finds figures that are not those of the rows', async () => {
      const found = await broken(
        database.admin,
        `create or replace function ops.limbo_totals(p_stage text, p_week_start date, p_date_from date, p_date_to date)
           returns setof ${totals} language sql stable
         as $f$ select lead_date, week_start, limbo_stage, leads + 1, leads_with_identity, leads_with_claims, leads_without_identity,
                       leads_without_claims, leads_without_both from ${totals} where limbo_stage = 'OK' $f$`,
        offendingOf(`l.name = 'limbo_totals'`),
        asOf,
      );
      expect(found).toEqual([
        'limbo_totals | H | 2026-01-05/OK',
        'limbo_totals | H | 2026-01-06/NO_TRIPS_14D',
      ]);
    });

    test('limbo_mv_columns fails when a column goes by another name', async () => {
      const renamed = `alter materialized view ${kept} rename column lead_name to name`;
      const query = 'select subject from ops.check_cabinet_limbo_mv_columns';
      expect(await ask(database.admin, query)).toEqual([]);
      expect(await broken(database.admin, renamed, query)).toEqual(['column:7']);
    });
  });

  test('before its first refresh is not evaluated, and the checks of live limbo are', async () => {
    const database = await ownDatabase({ version });
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05' }]);
    expect(
      await ask(
        database.admin,
        `select name, waits_for from ops.v_cabinet_check_list where source = 'limbo' order by place`,
      ),
    ).toEqual(
      ['limbo_mv_columns', 'limbo_mv_rows', 'limbo_totals'].map((name) => `${name} | mv_cabinet_limbo`),
    );
    expect(
      await ask(
        database.admin,
        `select name from ops.cabinet_check_values(null) where name like 'limbo_leads'`,
      ),
    ).toEqual(['limbo_leads']);
  });

  test('as of a day holds nothing of the days after it', async () => {
    const database = await ownDatabase({ version });
    await givenRules(database.admin);
    await givenLeads(database.admin, [
      { id: 1, date: '2026-01-05', trips: { 0: 1, 5: 4 } },
      { id: 2, date: '2026-01-09' },
    ]);
    await runJob(database, mvRefresh, { asOf: '2026-01-08' });
    expect(await ask(database.admin, `select lead_id, trips_14d from ${kept}`)).toEqual(['1 | 1']);
    await runJob(database, mvRefresh, { asOf });
    expect(await ask(database.admin, `select lead_id, trips_14d from ${kept} order by 1`)).toEqual([
      '1 | 5',
      '2 | 0',
    ]);
  });
});
