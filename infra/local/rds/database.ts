import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { connect, type Database } from '../../../functions/core/database.ts';
import type { Cluster } from '../postgres/cluster.ts';
import type { Secrets } from '../secrets/secrets.ts';

export interface DatabaseParts {
  readonly cluster: Cluster;
  readonly name: string;
  readonly master: { readonly username: string; readonly password: string };
}

/** The embedded server's own administrator, whom RDS keeps for itself too. */
const SUPERUSER = 'postgres';

/**
 * Gives the server what a new RDS cluster has: the database, owned by a master user who may make roles and
 * databases but is no superuser, and the role `rds_iam`. What a superuser could do and the master cannot fails
 * here as it would there. Kept data is left as it is.
 */
export async function prepareDatabase({ cluster, name, master }: DatabaseParts): Promise<void> {
  const server = connect({ url: cluster.url('postgres'), applicationName: 'local rds' });
  try {
    await makeRole(server, 'rds_iam', 'nologin');
    if (master.username !== SUPERUSER) {
      await makeRole(server, master.username, 'login createrole createdb');
      await server.script(`
        grant rds_iam to ${identifier(master.username)} with admin option;
        alter role ${identifier(master.username)} password ${literal(master.password)}`);
    }
    const [found] = await server.sql(z.object({ found: z.boolean() }))`
      select exists (select from pg_database where datname = ${name}) as found`;
    if (found?.found !== true) {
      await server.script(`create database ${identifier(name)} owner ${identifier(master.username)}`);
    }
  } finally {
    await server.close();
  }
}

/** The master user as the template names it; RDS makes the password where the template leaves it to RDS. */
export function masterOf(
  properties: { readonly MasterUsername: string; readonly MasterUserPassword?: string | undefined },
  secrets: Secrets,
): { username: string; password: string } {
  const given = properties.MasterUserPassword;
  return {
    username: secrets.resolve(properties.MasterUsername),
    password: given === undefined ? randomBytes(24).toString('base64url') : secrets.resolve(given),
  };
}

async function makeRole(server: Database, role: string, options: string): Promise<void> {
  const [found] = await server.sql(z.object({ found: z.boolean() }))`
    select exists (select from pg_roles where rolname = ${role}) as found`;
  if (found?.found !== true) await server.script(`create role ${identifier(role)} ${options}`);
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
