import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { connect } from '../../../functions/core/database.ts';
import { type AppParts, att, mapping, queues, ref } from './support/app.ts';
import { runApp, send } from './support/stack.ts';

/** Runs the statement of its event as the master user, whom it knows from the environment and the secret alone. */
const client = `
  import postgres from ${JSON.stringify(import.meta.resolve('postgres'))};
  const env = process.env;
  const secret = async () => {
    const response = await fetch(env.AWS_ENDPOINT_URL_SECRETS_MANAGER, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      body: JSON.stringify({ SecretId: env.SECRET }),
    });
    return JSON.parse((await response.json()).SecretString);
  };
  export const handler = async ({ sql = env.SQL }) => {
    const { username, password, ...others } = await secret();
    const db = postgres({ host: env.DB_HOST, port: env.DB_PORT, database: 'books', username, password });
    try { return { others, rows: await db.unsafe(sql) }; } finally { await db.end(); }
  };`;

const cluster = (properties: object) => ({
  Db: {
    Type: 'AWS::RDS::DBCluster',
    Properties: { Engine: 'aurora-postgresql', DatabaseName: 'books', ...properties },
  },
  Writer: {
    Type: 'AWS::RDS::DBInstance',
    Properties: {
      DBClusterIdentifier: ref('Db'),
      DBInstanceClass: 'db.serverless',
      Engine: 'aurora-postgresql',
    },
  },
});

const managed = cluster({ MasterUsername: 'keeper', ManageMasterUserPassword: true });

function app(resources: object, variables: object, sql?: string): AppParts {
  return {
    functions: { client },
    functionProperties: {
      client: {
        Environment: {
          Variables: { DB_HOST: att('Db', 'Endpoint.Address'), ...variables, ...(sql ? { SQL: sql } : {}) },
        },
      },
    },
    resources: { ...resources },
  };
}

const migrating = (sql: string): AppParts => {
  const parts = app(
    {
      ...managed,
      Trigger: {
        Type: 'Custom::Trigger',
        Properties: { ServiceToken: 'arn:provider', HandlerArn: ref('Version') },
      },
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('client') } },
    },
    { DB_PORT: att('Db', 'Endpoint.Port'), SECRET: att('Db', 'MasterUserSecret.SecretArn') },
    sql,
  );
  return parts;
};

const who =
  'select current_database() as name, current_user as role, usesuper as super from pg_user where usename = current_user';

describe("the template's cluster", () => {
  test('has the database, and a master user who is no superuser, with the secret that RDS keeps', async () => {
    // The port as a literal, as the template gave it to the cluster.
    const stack = await runApp(
      app(managed, { DB_PORT: '5432', SECRET: att('Db', 'MasterUserSecret.SecretArn') }, who),
    );
    const { result } = await stack.invoke('client', {});
    expect(result).toEqual({ others: {}, rows: [{ name: 'books', role: 'keeper', super: false }] });
    expect(stack.urls.database).toMatch(/^postgres:\/\/keeper@127\.0\.0\.1:\d+\/books$/);
    const made = await stack.invoke('client', { sql: 'create role jobs login; grant rds_iam to jobs' });
    expect(made.error).toBeUndefined();
    expect(stack.databaseAs('jobs')).toContain('postgres://jobs@');
  });

  test('takes its master user from a generated secret, which then says where the database is', async () => {
    const stack = await runApp(
      app(
        {
          ...cluster({
            MasterUsername: { 'Fn::Sub': `{{resolve:secretsmanager:\${Secret}:SecretString:username::}}` },
            MasterUserPassword: {
              'Fn::Sub': `{{resolve:secretsmanager:\${Secret}:SecretString:password::}}`,
            },
          }),
          Secret: {
            Type: 'AWS::SecretsManager::Secret',
            Properties: {
              GenerateSecretString: {
                SecretStringTemplate: '{"username":"owner"}',
                GenerateStringKey: 'password',
                ExcludeCharacters: `"'\\@/`,
                PasswordLength: 30,
              },
            },
          },
          Attached: {
            Type: 'AWS::SecretsManager::SecretTargetAttachment',
            Properties: { SecretId: ref('Secret'), TargetId: ref('Db'), TargetType: 'AWS::RDS::DBCluster' },
          },
        },
        { DB_PORT: att('Db', 'Endpoint.Port'), SECRET: ref('Attached') },
        who,
      ),
    );
    const { result } = await stack.invoke('client', {});
    const { port } = new URL(stack.urls.database ?? '');
    expect(result).toEqual({
      others: { engine: 'postgres', host: '127.0.0.1', port: Number(port), dbname: 'books' },
      rows: [{ name: 'books', role: 'owner', super: false }],
    });
  });

  test('keeps its data where the stack is given a directory', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'cuadre-state-'));
    onTestFinished(() => rmSync(stateDirectory, { recursive: true, force: true }));
    const parts = app(managed, { DB_PORT: '5432', SECRET: att('Db', 'MasterUserSecret.SecretArn') });
    const first = await runApp(parts, { stateDirectory });
    await first.invoke('client', { sql: 'create table kept as select 42 as answer' });
    await first.stop();
    const second = await runApp(parts, { stateDirectory });
    const { result } = await second.invoke('client', { sql: 'select answer from kept' });
    expect(Object(result).rows).toEqual([{ answer: 42 }]);
  });
});

describe('a trigger', () => {
  test('runs after what the database had before, and before any message is read', async () => {
    const parts = migrating('create table migrated as select * from upstream');
    const stack = await runApp(
      {
        ...parts,
        resources: { ...parts.resources, ...queues('jobs', 3), ...mapping('client', 'jobs') },
      },
      {
        beforeTriggers: async (url) => {
          const database = connect({ url });
          await database.script('create table upstream (name text)');
          await database.close();
        },
      },
    );
    expect(stack.trail.all('function.invoked')).toMatchObject([{ by: 'trigger app/Trigger' }]);
    await send(stack, 'jobs', '{}');
    await stack.trail.waitFor('message.received');
    const database = connect({ url: stack.urls.database });
    const rows = await database.sql(z.strictObject({ n: z.string() }))`select count(*) as n from migrated`;
    expect(rows).toEqual([{ n: '0' }]);
    await database.close();
  });

  test('that fails ends the start with its reason, and nothing stays behind', async () => {
    let port = '';
    const starting = runApp(migrating('select * from nowhere'), {
      beforeTriggers: async (url) => {
        ({ port } = new URL(url));
      },
    });
    await expect(starting).rejects.toThrow(/client, which the deployment runs first, failed:.*nowhere/s);
    const late = connect({ url: `postgres://keeper@127.0.0.1:${port}/books` });
    await expect(late.wake()).rejects.toThrow();
    await late.close();
  });
});
