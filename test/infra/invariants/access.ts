import { expect, it } from 'vitest';
import * as z from 'zod';
import type { Assembly, Found } from '../assembly.ts';
import type { EnvironmentName } from '../environments.ts';

const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: strings,
  Resource: z.unknown(),
  Principal: z.unknown().optional(),
});

const document = z.object({ Statement: z.array(statement) });

/** Every policy statement of a resource, wherever CloudFormation has it. */
function statementsOf({ properties }: Found): z.infer<typeof statement>[] {
  const inline = z.array(z.object({ PolicyDocument: document })).default([]);
  return [
    ...(properties['PolicyDocument'] === undefined
      ? []
      : document.parse(properties['PolicyDocument']).Statement),
    ...inline.parse(properties['Policies']).flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
  ];
}

/** The only actions that AWS ties to no resource, and that these stacks allow. */
const WITHOUT_RESOURCE = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

const OBJECT_ACTIONS = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'];

/** CDK's function behind the migrations' trigger may invoke any version of the one function; versions are numbered. */
const TRIGGER_PROVIDER = /^AWSCDKTrigger/;

export function access(assembly: Assembly, environment: EnvironmentName): void {
  const allowed = assembly
    .all()
    .filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::Role')
    .flatMap((found) => statementsOf(found).map((each) => ({ ...each, found })))
    .filter(({ Effect }) => Effect === 'Allow');

  it('allows no action by wildcard', () => {
    expect(allowed.length).toBeGreaterThan(30);
    for (const { Action, found } of allowed) {
      for (const action of Action) expect(action, found.id).not.toContain('*');
    }
  });

  it('names the resource of every action that has one', () => {
    for (const { Action, Resource, found } of allowed) {
      if (TRIGGER_PROVIDER.test(found.id)) {
        expect(Action).toEqual(['lambda:InvokeFunction']);
      } else if (Resource === '*') {
        expect(
          Action.filter((action) => !WITHOUT_RESOURCE.includes(action)),
          found.id,
        ).toEqual([]);
      } else {
        const text = JSON.stringify(Resource);
        const objects = Action.every((action) => OBJECT_ACTIONS.includes(action));
        const once = Action.every((action) => action === 'scheduler:CreateSchedule');
        // Objects get their names at run time: the prefix in the one bucket is the resource. So do the schedules that fire
        // once in another's stead: their group is it.
        const named = objects ? text.replace(/\/(exports|uploads)\/\*"/, '"') : text;
        expect(once ? named.replace(/:schedule\/cuadre-\w+-once\/\*"/, '"') : named, found.id).not.toContain(
          '*',
        );
      }
    }
  });

  it('uses no managed policy for its own functions', () => {
    const managed = assembly
      .ofType('AWS::IAM::Role')
      .filter(({ id, properties }) => 'ManagedPolicyArns' in properties && !TRIGGER_PROVIDER.test(id));
    expect(managed).toEqual([]);
  });

  it('lets roles be assumed by one service each, and by Scheduler only for this account’s schedules', () => {
    const trust = z.object({
      AssumeRolePolicyDocument: z.object({
        Statement: z.tuple([
          z.object({
            Effect: z.literal('Allow'),
            Action: z.literal('sts:AssumeRole'),
            Principal: z.strictObject({ Service: z.string() }),
            Condition: z.unknown().optional(),
          }),
        ]),
      }),
    });
    for (const { id, properties } of assembly.ofType('AWS::IAM::Role')) {
      const [{ Principal, Condition }] = trust.parse(properties).AssumeRolePolicyDocument.Statement;
      if (Principal.Service !== 'scheduler.amazonaws.com') continue;
      expect(JSON.stringify(Condition), id).toContain('aws:SourceAccount');
      expect(JSON.stringify(Condition), id).toContain(':schedule-group/default');
    }
  });

  it('opens no route without an authorizer and no function by URL', () => {
    const kind = environment === 'aurora with jwt' ? 'JWT' : 'AWS_IAM';
    const routes = assembly.ofType('AWS::ApiGatewayV2::Route').map(({ properties }) => properties);
    expect(routes.map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType])).toEqual([
      ['GET /api/v1/{proxy+}', kind],
      ['GET /api/v1/yango/payments/{proxy+}', kind],
      ['GET /api/v1/ops/payments/{proxy+}', kind],
      ['GET /api/v1/payments/{proxy+}', kind],
      ['GET /api/v1/yango/cabinet/{proxy+}', kind],
      ['GET /api/v1/ops/payments/cabinet-financial-14d/export', kind],
      ['GET /api/v1/ops/payments/cabinet-financial-14d/limbo/export', kind],
      ['GET /api/v1/ops/payments/cabinet-financial-14d/claims-gap/export', kind],
      ['GET /api/v1/payments/cabinet-financial-14d/export', kind],
      ['GET /api/v1/payments/cabinet-financial-14d/limbo/export', kind],
      ['GET /api/v1/payments/cabinet-financial-14d/claims-gap/export', kind],
      ['GET /api/v1/yango/cabinet/claims/export', kind],
      ['GET /api/v1/audit/{proxy+}', kind],
      ['GET /api/v1/runs/{run_id}/figures/{proxy+}', kind],
      ['POST /api/v1/cabinet-leads/{proxy+}', kind],
      ['POST /api/v1/cabinet-trips/{proxy+}', kind],
      ['POST /api/v1/cabinet-payments/{proxy+}', kind],
      ['POST /api/v1/uploads/{proxy+}', kind],
      ['GET /api/v1/schedules', kind],
      ['POST /api/v1/schedules/{proxy+}', kind],
      ['POST /api/v1/runs/{proxy+}', kind],
      ['POST /api/v1/redrive', kind],
      ['POST /api/v1/redrives/{proxy+}', kind],
      ['POST /api/v1/backfills', kind],
      ['POST /api/v1/backfills/{proxy+}', kind],
      ['POST /api/v1/sweep', kind],
      ['POST /api/v1/{proxy+}', kind],
      ['GET /openapi.json', kind],
    ]);
    for (const { AuthorizerId } of routes) expect(AuthorizerId !== undefined).toBe(kind === 'JWT');
    expect(assembly.ofType('AWS::ApiGatewayV2::Authorizer')).toHaveLength(kind === 'JWT' ? 1 : 0);
    expect(assembly.ofType('AWS::Lambda::Url')).toEqual([]);
    for (const { properties } of assembly.ofType('AWS::Lambda::Permission')) {
      expect(properties).toMatchObject({ Principal: 'apigateway.amazonaws.com' });
      expect(properties['SourceArn']).toBeDefined();
    }
  });

  it('throttles and logs the API', () => {
    const stages = assembly.ofType('AWS::ApiGatewayV2::Stage');
    expect(stages).toHaveLength(1);
    expect(stages[0]?.properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingBurstLimit: 20, ThrottlingRateLimit: 10 },
      AccessLogSettings: { Format: expect.stringContaining('$context.requestId') },
    });
    expect(JSON.stringify(stages[0]?.properties['AccessLogSettings'])).not.toMatch(/query/i);
  });

  it('admits to the database and to the endpoints only by security group', () => {
    for (const { id, properties } of assembly.ofType('AWS::EC2::SecurityGroup')) {
      expect(properties['SecurityGroupIngress'], id).toBeUndefined();
      const open = z.array(z.looseObject({ CidrIp: z.string() })).default([]);
      for (const each of open.parse(properties['SecurityGroupEgress'])) {
        // An address that only means "no rule", or S3's by the gateway endpoint.
        if (each.CidrIp === '255.255.255.255/32') continue;
        expect(each, id).toMatchObject({
          CidrIp: '0.0.0.0/0',
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
        });
      }
    }
    for (const { id, properties } of assembly.ofType('AWS::EC2::SecurityGroupIngress')) {
      expect(properties['SourceSecurityGroupId'], id).toBeDefined();
      expect(properties['CidrIp'], id).toBeUndefined();
    }
    for (const { properties } of assembly.ofType('AWS::RDS::DBInstance')) {
      expect(properties['PubliclyAccessible']).toBe(false);
    }
  });

  it('keeps our own cluster encrypted, behind TLS, with IAM logins and a password that nobody sets', () => {
    const own = environment === 'default' || environment === 'aurora with jwt';
    const clusters = assembly.ofType('AWS::RDS::DBCluster');
    expect(clusters).toHaveLength(own ? 1 : 0);
    for (const cluster of clusters) {
      expect(cluster.properties).toMatchObject({
        StorageEncrypted: true,
        EnableIAMDatabaseAuthentication: true,
        ManageMasterUserPassword: true,
        DeletionProtection: environment === 'default',
      });
      expect(cluster.properties['MasterUserPassword']).toBeUndefined();
      const parameters = assembly.target(cluster, cluster.properties['DBClusterParameterGroupName']);
      expect(parameters.properties['Parameters']).toEqual({ 'rds.force_ssl': '1' });
    }
  });

  it('puts no secret into a template', () => {
    for (const { id, properties } of assembly.all()) {
      expect(JSON.stringify(properties), id).not.toMatch(/resolve:secretsmanager|"password"/i);
    }
  });
}
