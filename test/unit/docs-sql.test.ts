/** The SQL of the pages runs, as the role that it names; and the figures of a night are those that the pages explain. */
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { claimsReconcile } from '../../functions/cabinet/claims-reconcile.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import { validation } from '../../functions/cabinet/validation.ts';
import { connect, type Database } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { startCluster } from '../../infra/local/postgres/cluster.ts';
import { sqlDirectory, testDatabase, versions } from '../support/database.ts';
import { codeSpans, fences, marked, page, pages, rows, section } from '../support/docs.ts';
import { runJob } from '../support/run-job.ts';

const deploy = page('docs/deploy.md');
/** The domain's page and those of its parts. */
const cabinetPages = pages().filter(({ path }) => path.startsWith('docs/cabinet'));

describe('on the golden data', () => {
  const database = testDatabase({ golden: true });

  const statements = pages()
    .filter(({ path }) => path !== deploy.path)
    .flatMap(fences)
    .filter(({ language }) => language === 'sql')
    .map(({ where, lines }) => ({
      where,
      role: /^-- as (\w+)$/.exec(lines[0] ?? '')?.[1],
      text: lines.join('\n'),
    }));

  test.each(statements)('$where runs as $role', async ({ role, text }) => {
    const filled = text.replaceAll('<run_id>', crypto.randomUUID());
    const nothing = database.admin.transaction(async (sql) => {
      await sql.script(`set local role ${role}`);
      await sql.script(filled);
      throw new Error('taken back');
    });
    await expect(nothing).rejects.toThrow('taken back');
  });

  test('a night’s reports and checks are explained', async () => {
    const spans = new Set(cabinetPages.flatMap((each) => codeSpans(each)));
    const request = { asOf: '2026-01-13' };
    const trips = await runJob(database, tripsLoad, request);
    const claims = await runJob(database, claimsReconcile, { ...request, onlyGaps: true });
    const checks = await runJob(database, validation, request);
    const { by_milestone } = z
      .looseObject({ by_milestone: z.record(z.string(), z.json()) })
      .parse(claims.report);
    const figures = [trips, claims, checks].flatMap(({ report }) => Object.keys(report ?? {}));
    const named = [
      ...figures,
      ...Object.keys(by_milestone),
      ...trips.decisions.flatMap(({ reason }) => reason ?? []),
    ];
    expect(named.length).toBeGreaterThan(30);
    expect([...new Set(named)].filter((name) => !spans.has(name))).toEqual([]);

    const filed = checks.decisions.map(({ subject, evidence }) => {
      return `${subject} ${z.looseObject({ level: z.string() }).parse(evidence).level}`;
    });
    const listed = cabinetPages
      .filter(({ text }) => /^## Checks$/m.test(text))
      .flatMap((each) => rows(section(each, 'Checks')))
      .map(([name = '', level]) => `${name.replaceAll('`', '')} ${level}`);
    expect(listed.toSorted()).toEqual(filed.toSorted());
  });
});

/** A customer's server of its own, since roles belong to the server; `fleet_owner` owns the upstream's tables. */
async function customersServer(version: 15 | 18, master: string) {
  const cluster = await startCluster({ version, unsafe: true });
  const open: Database[] = [];
  onTestFinished(async () => {
    await Promise.all(open.map((one) => one.close()));
    await cluster.stop();
  });
  const connectAs = (role: string, name = 'fleet') => {
    const database = connect({ url: cluster.url(name, role) });
    open.push(database);
    return database;
  };
  await connectAs('postgres', 'postgres').script(master);
  await connectAs('postgres', 'postgres').script('create role fleet_owner login');
  await connectAs('postgres', 'postgres').script('create database fleet owner fleet_owner');
  await createUpstream(connectAs('fleet_owner'), sqlDirectory);
  return connectAs;
}

const grants = page('sql/sources/grants.sql').text;
const missingRights =
  /rights on the upstream's tables are missing: .*let their owner run sql\/sources\/grants\.sql/;

describe.each(versions)('a customer’s database on PostgreSQL %i', (version) => {
  test('is prepared for IAM, migrated and left again by the statements of the deployment page', async () => {
    const connectAs = await customersServer(version, 'create role rds_iam');
    const master = connectAs('postgres');
    await master.script(marked(deploy, 'sql: prepare'));
    const migrator = connectAs('cuadre_migrator');
    await expect(migrate(migrator, sqlDirectory)).rejects.toThrow(missingRights);
    await connectAs('fleet_owner').script(grants);
    await migrate(migrator, sqlDirectory);
    expect(await migrate(migrator, sqlDirectory)).toMatchObject({ migrations: [], objects: [] });
    await migrator.script(marked(deploy, 'sql: by-password'));

    await migrator.script(marked(deploy, 'sql: remove'));
    await connectAs('fleet_owner').script(marked(deploy, 'sql: remove-rights'));
    await migrator.script(marked(deploy, 'sql: remove-roles'));
    const left = await master.sql(z.strictObject({ name: z.string() }))`
      select rolname as name from pg_roles where rolname like 'cuadre%' union all
      select nspname from pg_namespace where nspname in ('canon', 'ops', 'observational')`;
    expect(left).toEqual([{ name: 'cuadre_migrator' }]);
  });

  test('takes passwords where there is no IAM', async () => {
    const connectAs = await customersServer(version, 'select');
    const prepare = marked(deploy, 'sql: prepare')
      .split('\n')
      .filter((line) => !line.includes('rds_iam'));
    await connectAs('postgres').script(prepare.join('\n'));
    const migrator = connectAs('cuadre_migrator');
    await expect(migrate(migrator, sqlDirectory)).rejects.toThrow(missingRights);
    await connectAs('fleet_owner').script(grants);
    await migrate(migrator, sqlDirectory);
    await migrator.script(marked(deploy, 'sql: passwords'));
  });
});
