import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../infra/config.ts';
import { auroraConnections } from '../../infra/connection-budget.ts';
import { withApp } from './assembly.ts';
import { ENVIRONMENTS } from './environments.ts';

const complaint = (context: Record<string, unknown>): string => {
  try {
    parseConfig(context);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('configuration', () => {
  it('is whole without a word', () => {
    expect(parseConfig({ '@aws-cdk/core:target-partitions': ['aws'] })).toEqual({
      prefix: 'cuadre',
      database: {
        kind: 'aurora',
        engine: '17',
        minCapacity: 0.5,
        maxCapacity: 8,
        deletionProtection: true,
        backupRetentionDays: 14,
        onRemoval: 'snapshot',
      },
      api: { auth: { kind: 'iam' }, rateLimit: 10, burstLimit: 20 },
      alerts: {},
      logRetentionDays: 90,
      logLevel: 'info',
      preparedStatements: true,
      jobConcurrency: 2,
    });
  });

  it('reads what `-c name=value` makes of numbers, booleans and JSON', () => {
    const { jobConcurrency, preparedStatements, database, codeVersion } = parseConfig({
      codeVersion: '20261120',
      jobConcurrency: '4',
      preparedStatements: 'false',
      database: '{"kind":"aurora","maxCapacity":8}',
    });
    expect({ jobConcurrency, preparedStatements, database, codeVersion }).toMatchObject({
      codeVersion: '20261120',
      jobConcurrency: 4,
      preparedStatements: false,
      database: { maxCapacity: 8 },
    });
  });

  it.each([
    [{ databse: {} }, 'Unrecognized key: "databse"'],
    [{ prefix: 'Cuadre' }, '1 to 20 of a-z, 0-9 and -'],
    [{ prefix: 'a-prefix-that-is-too-long' }, '1 to 20 of a-z, 0-9 and -'],
    [{ database: { kind: 'aurora', minCapacity: 0.3 } }, 'database.minCapacity'],
    [{ database: { kind: 'aurora', minCapacity: 16 } }, 'must not be below minCapacity'],
    [{ database: { kind: 'existing', host: 'db' } }, 'database.auth'],
    [{ api: { auth: { kind: 'none' } } }, 'api.auth'],
    [{ api: { auth: { kind: 'jwt', issuer: 'http://id', audience: ['a'] } } }, 'api.auth.issuer'],
    [{ api: { auth: { kind: 'jwt', issuer: 'https://id.example.com', audience: [] } } }, 'api.auth.audience'],
    [{ logRetentionDays: 100 }, 'logRetentionDays'],
    [{ jobConcurrency: 1 }, 'jobConcurrency'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail'],
    [{ database: 'postgres://db/fleet' }, 'database'],
  ])('refuses %j and names what is wrong', (context, problem) => {
    expect(complaint(context)).toContain('The CDK context does not describe a deployment');
    expect(complaint(context)).toContain(problem);
  });

  it('refuses one secret for several roles to be left out', () => {
    const { database } = ENVIRONMENTS['existing with secrets'];
    const { reader: _, ...secrets } = database.auth.secrets;
    expect(complaint({ database: { ...database, auth: { kind: 'secret', secrets } } })).toContain(
      'database.auth.secrets.reader',
    );
  });
});

describe('connections', () => {
  it.each([
    [{ minCapacity: 0.5, maxCapacity: 1 }, 189],
    [{ minCapacity: 0.5, maxCapacity: 4 }, 823],
    [{ minCapacity: 1, maxCapacity: 2.5 }, 506],
    [{ minCapacity: 1, maxCapacity: 16 }, 3360],
    [{ minCapacity: 0, maxCapacity: 16 }, 2000],
    [{ minCapacity: 1, maxCapacity: 256 }, 5000],
  ])('%j grants %i', (capacity, connections) => {
    expect(auroraConnections(capacity)).toBe(connections);
  });

  it('refuses functions that could ask for more than the cluster grants, and says which', () => {
    const build = (context: Record<string, unknown>) => () => withApp(context, () => 'built');
    expect(build({ jobConcurrency: 10 })()).toBe('built');
    expect(build({ jobConcurrency: 100 })).toThrow(
      /may open \d+ connections at once \(.*cuadre-cabinet-trips-load 200.*leaves 1649\. Raise database\.maxCapacity/,
    );
    expect(
      build({ jobConcurrency: 100, database: { kind: 'aurora', minCapacity: 1, maxCapacity: 32 } })(),
    ).toBe('built');
  });
});
