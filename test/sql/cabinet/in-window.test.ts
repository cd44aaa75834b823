import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testDatabase, versions } from '../../support/database.ts';
import { sqlDirectory } from '../../support/database-server.ts';
import { ask } from './relation.ts';

/** Who counts what was achieved in a window. */
const users = [
  'ops.v_cabinet_lead_resolution',
  'ops.v_payment_calculation',
  'ops.v_cabinet_financial_14d',
  'observational.v_conversion_metrics',
  'ops.check_cabinet_overlapping_windows',
];

describe.each(versions)('the window of days on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test.each([
    ['2026-01-04', 'false'],
    ['2026-01-05', 'true'],
    ['2026-01-18', 'true'],
    ['2026-01-19', 'false'],
  ])('of 14 days from 2026-01-05: %s is in it: %s', async (day, inside) => {
    expect(await ask(database.admin, `select ops.in_window('${day}', '2026-01-05', 14)`)).toEqual([inside]);
  });

  test.each(users)('%s has it in its plan as two bounds, and calls nothing', async (view) => {
    await database.admin.script(`
      create table if not exists public.plan (line text); truncate public.plan;
      do $$ declare r text; begin
        for r in execute 'explain (verbose, costs off) select * from ${view}' loop insert into public.plan values (r); end loop;
      end $$`);
    const plan = (await ask(database.admin, 'select line from public.plan')).join('\n');
    expect(plan).not.toContain('in_window');
    expect(plan).toMatch(/trip_date >= /);
    expect(plan).toMatch(/(Index Cond|Recheck Cond): .*trip_date >= /);
  });
});

test('nobody says its bounds again', () => {
  const directory = join(sqlDirectory, 'cabinet');
  const again = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sql'))
    .filter((file) => /trip_date\s*<\s*\S+\s*\+/.test(readFileSync(join(directory, file), 'utf8')));
  expect(again).toEqual([]);
});
