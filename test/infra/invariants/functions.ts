import { expect, it } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import type { Assembly } from '../assembly.ts';
import { allowedBy } from './policies.ts';

const lambda = z.strictObject({
  FunctionName: z.string(),
  Description: z.string().min(1).max(256),
  Runtime: z.literal('nodejs24.x'),
  Architectures: z.tuple([z.literal('arm64')]),
  Handler: z.literal('index.handler'),
  Code: z.unknown(),
  Role: z.unknown(),
  Timeout: z.int().min(1).max(900),
  MemorySize: z.int().min(128),
  TracingConfig: z.strictObject({ Mode: z.literal('Active') }),
  LoggingConfig: z.strictObject({ LogGroup: z.unknown() }),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.unknown()) }),
  VpcConfig: z
    .strictObject({ SecurityGroupIds: z.array(z.unknown()), SubnetIds: z.array(z.unknown()) })
    .optional(),
});

/** CDK's own function that runs the migrations' trigger: not ours to configure, and held to nothing but its runtime. */
const PROVIDER = /^AWSCDKTrigger/;

function functionsOf(assembly: Assembly) {
  return assembly
    .ofType('AWS::Lambda::Function')
    .filter(({ id }) => !PROVIDER.test(id))
    .map((found) => ({ found, properties: lambda.parse(found.properties) }));
}

/** PostgreSQL user of each function: the least it can do its work with, `none` where it has none. */
const USERS = {
  migrate: 'owner',
  'cabinet-payments-ingest': 'jobs',
  'cabinet-trips-load': 'jobs',
  'cabinet-leads-reconcile': 'jobs',
  'cabinet-achievements-record': 'jobs',
  'cabinet-claims-reconcile': 'jobs',
  'cabinet-mv-refresh': 'jobs',
  'cabinet-validation': 'jobs',
  'cabinet-alert-evaluation': 'jobs',
  'cabinet-upload-take': 'jobs',
  'cabinet-alert-publication': 'jobs',
  'alert-probes': 'jobs',
  'cabinet-planner': 'jobs',
  'cabinet-dead-letters': 'jobs',
  'audit-seal': 'jobs',
  sweeper: 'jobs',
  'api-audit': 'reader',
  'api-collections': 'reader',
  'api-exports': 'reader',
  'api-payments': 'reader',
  'api-read': 'reader',
  'api-operate': 'operator',
  'api-recovery': 'operator',
  'api-document': 'none',
  'api-uploads': 'operator',
  'api-schedules': 'operator',
} as const;

export function functions(assembly: Assembly): void {
  const functions = functionsOf(assembly);
  const named = (name: string) => functions.find((each) => each.properties.FunctionName === `cuadre-${name}`);

  it('has these and no other, each as the house wants it', () => {
    expect(functions.map(({ properties }) => properties.FunctionName).toSorted()).toEqual(
      Object.keys(USERS)
        .map((name) => `cuadre-${name}`)
        .toSorted(),
    );
    expect(assembly.ofType('AWS::Lambda::Function')).toHaveLength(functions.length + 1);
  });

  it('calls by the trigger of the migrations a version: by it the function knows that the deployment calls', () => {
    const [trigger, second] = assembly.ofType('Custom::Trigger');
    if (trigger === undefined) throw new Error('there is no trigger');
    expect(second).toBeUndefined();
    const version = assembly.target(trigger, trigger.properties['HandlerArn']);
    expect(version.type).toBe('AWS::Lambda::Version');
    expect(assembly.target(version, version.properties['FunctionName']).properties['FunctionName']).toBe(
      'cuadre-migrate',
    );
  });

  it('says in each description what it does and what it takes', () => {
    for (const { properties } of functions) expect(properties.Description).toMatch(/\. Input: ./);
    for (const [job, { description, timeoutSeconds }] of Object.entries(cabinetDaily.jobs)) {
      const { Description, Timeout } = named(job.replace('.', '-'))?.properties ?? {};
      expect({ Description, Timeout }).toEqual({ Description: description, Timeout: timeoutSeconds });
    }
  });

  it('logs to a group of its own that expires', () => {
    const group = z.object({ LogGroupName: z.string(), RetentionInDays: z.int().min(1) });
    for (const { found, properties } of functions) {
      const { LogGroupName } = group.parse(
        assembly.target(found, properties.LoggingConfig.LogGroup).properties,
      );
      expect(LogGroupName).toBe(`/aws/lambda/${properties.FunctionName}`);
    }
    for (const { id, properties } of assembly.ofType('AWS::Logs::LogGroup')) {
      expect(group.safeParse(properties).error, id).toBeUndefined();
    }
  });

  it('keeps every environment under Lambda’s 4 KB, with room for what the deployment puts in', () => {
    for (const { properties } of functions) {
      // A reference is longer in the template than the URL or host name that it becomes.
      expect(JSON.stringify(properties.Environment.Variables).length, properties.FunctionName).toBeLessThan(
        4096,
      );
    }
  });

  it('tells each function its own limits', () => {
    for (const { properties } of functions) {
      const { FUNCTION_TIMEOUT_SECONDS, NODE_OPTIONS, NODE_EXTRA_CA_CERTS, CODE_VERSION } =
        properties.Environment.Variables;
      expect({ FUNCTION_TIMEOUT_SECONDS, NODE_OPTIONS, NODE_EXTRA_CA_CERTS, CODE_VERSION }).toEqual({
        FUNCTION_TIMEOUT_SECONDS: String(properties.Timeout),
        NODE_OPTIONS: '--enable-source-maps',
        NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
        CODE_VERSION: 'test',
      });
    }
    for (const job of Object.keys(cabinetDaily.jobs)) {
      expect(named(job.replace('.', '-'))?.properties.Environment.Variables['MAX_RECEIVES']).toBe('5');
    }
  });

  it('logs each into the database as the role that its work needs, and lets it log in as no other', () => {
    for (const [name, role] of Object.entries(USERS)) {
      const each = named(name);
      const { DB_USER, DB_AUTH, DB_SECRET_ARN } = each?.properties.Environment.Variables ?? {};
      if (role !== 'owner' && role !== 'none') expect(DB_USER, name).toBe(`cuadre_${role}`);
      const statements = each ? allowedBy(assembly, each.found, each.properties.Role) : [];
      const connects = statements.filter(({ actions }) => actions.includes('rds-db:connect'));
      const reads = statements.filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'));
      if (role === 'none') {
        expect({ DB_USER, DB_AUTH, connects, reads }, name).toEqual({ connects: [], reads: [] });
        expect(each?.properties.VpcConfig, name).toBeUndefined();
      } else if (DB_AUTH === 'iam') {
        expect(reads, name).toEqual([]);
        expect(connects, name).toHaveLength(1);
        expect(JSON.stringify(connects[0]?.resource), name).toMatch(new RegExp(`/${String(DB_USER)}"`));
      } else {
        expect(connects, name).toEqual([]);
        expect(
          reads.map(({ resource }) => resource),
          name,
        ).toEqual([DB_SECRET_ARN]);
      }
    }
  });

  it('retries what is invoked asynchronously a known number of times and keeps what still fails', () => {
    const asynchronous = assembly.ofType('AWS::Lambda::EventInvokeConfig').map((found) => ({
      name: lambda.parse(assembly.target(found, found.properties['FunctionName']).properties).FunctionName,
      retries: found.properties['MaximumRetryAttempts'],
      age: found.properties['MaximumEventAgeInSeconds'],
      destination: JSON.stringify(found.properties['DestinationConfig']),
    }));
    expect(asynchronous.map(({ name }) => name).toSorted()).toEqual([
      `cuadre-audit-seal`,
      `cuadre-cabinet-planner`,
      `cuadre-sweeper`,
    ]);
    for (const { retries, age, destination } of asynchronous) {
      expect({ retries, age }).toEqual({ retries: 2, age: 3600 });
      expect(destination).toContain('DeadLetters');
    }
  });
}
