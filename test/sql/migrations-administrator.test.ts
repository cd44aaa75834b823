import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { startCluster } from '../../infra/local/postgres/cluster.ts';
import { sqlDirectory, versions } from '../support/database.ts';

/** A server that was never used, since roles belong to the server. */
describe.each(versions)('the administrator of a new server of PostgreSQL %i', (version) => {
  async function newServer() {
    const cluster = await startCluster({ version, unsafe: true });
    const open: Database[] = [];
    onTestFinished(async () => {
      await Promise.all(open.map((database) => database.close()));
      await cluster.stop();
    });
    return (role: string, name: string) => {
      const database = connect({ url: cluster.url(name, role) });
      open.push(database);
      return database;
    };
  }

  test('need not be a superuser, as on RDS, and lets the roles in with IAM tokens', async () => {
    const connectAs = await newServer();
    const superuser = connectAs('postgres', 'postgres');
    await superuser.script(`create role rds_iam; create role master login createrole;
      grant rds_iam to master with admin option`);
    await superuser.script('create database business owner master');
    const master = connectAs('master', 'business');
    await createUpstream(master, sqlDirectory);
    await migrate(master, sqlDirectory);
    expect(await migrate(master, sqlDirectory)).toMatchObject({ migrations: [], objects: [] });
    const members = await superuser.sql(z.strictObject({ name: z.string() }))`
      select member::regrole::text as name from pg_auth_members
      where roleid = 'rds_iam'::regrole and member <> 'master'::regrole order by 1`;
    expect(members.map(({ name }) => name)).toEqual(['cuadre_jobs', 'cuadre_operator', 'cuadre_reader']);
  });

  test('may set up several databases at once', async () => {
    const connectAs = await newServer();
    const superuser = connectAs('postgres', 'postgres');
    const names = ['one', 'two', 'three'];
    for (const name of names) await superuser.script(`create database ${name}`);
    const reports = await Promise.all(
      names.map(async (name) => {
        const database = connectAs('postgres', name);
        await createUpstream(database, sqlDirectory);
        return migrate(database, sqlDirectory);
      }),
    );
    expect(new Set(reports.map(({ version: reached }) => reached)).size).toBe(1);
    expect(reports.every(({ migrations }) => migrations[0] === '0000_roles_and_schemas')).toBe(true);
  });
});
