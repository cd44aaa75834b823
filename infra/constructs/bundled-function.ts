import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { type BundleOptions, bundledCode } from './bundle.ts';
import type { DatabaseRole } from './database.ts';
import type { DatabaseClient } from './database-client.ts';
import { expiringLogGroup } from './log-group.ts';

/** What every function of a deployment shares. */
export interface Deployment {
  readonly config: Config;
  readonly codeVersion: string;
}

export interface BundledFunctionProps extends BundleOptions {
  readonly deployment: Deployment;
  /** Physical name without the prefix, e.g. `cabinet-planner`. */
  readonly name: string;
  /** What it does and what it takes; the console shows it, in 256 characters. */
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Without it the function has no login and stands in no network. */
  readonly database?: { readonly client: DatabaseClient; readonly role: DatabaseRole };
  readonly environment?: Readonly<Record<string, string>>;
  readonly demand: ConnectionDemand;
}

/** What the function may take of the database's connections. */
export interface ConnectionDemand {
  /** Invocations at a time, at most. */
  readonly concurrency: number;
  /** Held by one environment: a job has one to work in and one for its heartbeat, the others one or none. */
  readonly connections: 0 | 1 | 2;
}

/** A schedule's function: its own invocation, one that Lambda repeats, a person's. */
export const OCCASIONAL: ConnectionDemand = { concurrency: 3, connections: 1 };

/** AWS gives these no resource to name: an interface has no ARN before it exists, and Describe has none at all. */
const NETWORK_INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** A Lambda function on Node 24 that may do what it is told here and nothing else. */
export class BundledFunction extends Construct {
  readonly function: LambdaFunction;
  /** Known before the deployment, unlike function.functionName. */
  readonly functionName: string;
  readonly demand: ConnectionDemand;
  /** What it is bundled from. */
  readonly source: BundleOptions;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    const { config, codeVersion } = props.deployment;
    const { database } = props;
    const functionName = `${config.prefix}-${props.name}`;
    this.functionName = functionName;
    this.demand = props.demand;
    this.source = { entry: props.entry, copy: props.copy ?? [] };

    const logGroup = expiringLogGroup(this, 'Logs', `/aws/lambda/${functionName}`, config.logRetentionDays);
    // A role of our own: the one that CDK makes carries AWS's managed policies, which allow every log group.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    for (const statement of database?.client.statements(this, database.role) ?? []) {
      role.addToPrincipalPolicy(statement);
    }
    if (database?.client.placement !== undefined) this.allowNetworkInterfaces(role, functionName);

    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundledCode(this.source),
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      tracing: Tracing.ACTIVE,
      role,
      logGroup,
      ...database?.client.placement,
      // No reserved concurrency: a new account has 10 in all. Queues limit theirs by the mapping, the API by throttling.
      environment: {
        ...(database && {
          ...database.client.environment(database.role),
          DB_PREPARE: String(config.preparedStatements),
        }),
        CODE_VERSION: codeVersion,
        LOG_LEVEL: config.logLevel,
        FUNCTION_TIMEOUT_SECONDS: String(props.timeoutSeconds),
        // From Node 20 on, Lambda's Node no longer carries Amazon's certificate authorities; the file does.
        NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
        NODE_OPTIONS: '--enable-source-maps',
        ...props.environment,
      },
    });
    acknowledge(
      role,
      'X-Ray segments and network interfaces have no ARN that a policy could name; every other statement names its resource.',
      'IAM5[Resource::*]',
    );
  }

  /** The Lambda service makes the interfaces with the function's role; the function's own code is denied them. */
  private allowNetworkInterfaces(role: Role, functionName: string): void {
    const functionArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    role.addToPrincipalPolicy(new PolicyStatement({ actions: NETWORK_INTERFACE_ACTIONS, resources: ['*'] }));
    role.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: NETWORK_INTERFACE_ACTIONS,
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
      }),
    );
  }
}
