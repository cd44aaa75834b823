import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { AuroraConfig } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import type { Database, DatabaseLogin, DatabaseNetwork, DatabaseRole } from './database.ts';
import { iamLogin, secretLogin, userOf } from './logins.ts';
import type { Network } from './network.ts';

export interface AuroraDatabaseProps {
  readonly prefix: string;
  readonly network: Network;
  /** `/aws/rds/cluster/<prefix>/postgresql`: made before the cluster, else RDS makes it and keeps it for ever. */
  readonly logGroup: ILogGroup;
  readonly config: AuroraConfig;
}

const MASTER_USER = 'cuadre_admin';

/** Pinned and never upgraded behind the template's back: the next one comes with the next release of this code. */
const ENGINES = {
  '16': AuroraPostgresEngineVersion.VER_16_8,
  '17': AuroraPostgresEngineVersion.VER_17_7,
} as const;

const ON_REMOVAL = {
  snapshot: RemovalPolicy.SNAPSHOT,
  retain: RemovalPolicy.RETAIN,
  destroy: RemovalPolicy.DESTROY,
} as const;

/** Aurora PostgreSQL Serverless v2. The functions log in by IAM; only the migrations know a password. */
export class AuroraDatabase extends Construct implements Database {
  readonly host: string;
  readonly port = 5432;
  readonly name = 'cuadre';
  readonly network: DatabaseNetwork;
  private readonly cluster: DatabaseCluster;

  constructor(scope: Construct, id: string, { prefix, network, logGroup, config }: AuroraDatabaseProps) {
    super(scope, id);
    const group = new SecurityGroup(this, 'Group', {
      vpc: network.vpc,
      description: 'The database',
      allowAllOutbound: false,
    });
    const engine = DatabaseClusterEngine.auroraPostgres({ version: ENGINES[config.engine] });
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      clusterIdentifier: prefix,
      engine,
      // Version 17's default and not 16's: said here, it does not depend on the version.
      parameterGroup: new ParameterGroup(this, 'Parameters', {
        engine,
        description: 'Refuses connections without TLS',
        parameters: { 'rds.force_ssl': '1' },
      }),
      defaultDatabaseName: this.name,
      port: this.port,
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [group],
      // One instance: a run that meets a failover is retried, and its ledger says so; a standby doubles the price.
      writer: ClusterInstance.serverlessV2('Writer', { autoMinorVersionUpgrade: false }),
      serverlessV2MinCapacity: config.minCapacity,
      serverlessV2MaxCapacity: config.maxCapacity,
      ...(config.minCapacity === 0 ? { serverlessV2AutoPauseDuration: Duration.minutes(10) } : {}),
      iamAuthentication: true,
      // RDS makes the master's password, keeps it in a secret and rotates it: nothing here ever sees it.
      manageMasterUserPassword: true,
      credentials: Credentials.fromUsername(MASTER_USER),
      storageEncrypted: true,
      deletionProtection: config.deletionProtection,
      removalPolicy: ON_REMOVAL[config.onRemoval],
      backup: { retention: Duration.days(config.backupRetentionDays) },
      copyTagsToSnapshot: true,
      cloudwatchLogsExports: ['postgresql'],
    });
    this.cluster.node.addDependency(logGroup);
    if (!config.deletionProtection) {
      acknowledge(
        this.cluster,
        'The configuration says that this deployment’s database may be deleted (database.deletionProtection).',
        'RDS10',
      );
    }
    this.host = this.cluster.clusterEndpoint.hostname;
    this.network = {
      vpc: network.vpc,
      subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      clientGroup: (client) => {
        const worn = new SecurityGroup(client, 'Group', {
          vpc: network.vpc,
          description: 'Functions that use the database',
          allowAllOutbound: false,
        });
        worn.connections.allowTo(group, Port.tcp(this.port), 'PostgreSQL');
        network.admit(worn);
        return worn;
      },
    };
  }

  login(role: DatabaseRole): DatabaseLogin {
    if (role !== 'owner') return iamLogin(this.cluster.clusterResourceIdentifier, userOf(role));
    // The master's first login must be by password: it is the one who may grant rds_iam to the others.
    const secret = this.cluster.secret;
    if (secret === undefined) throw new Error('the cluster has no master secret');
    return secretLogin(secret.secretArn, MASTER_USER);
  }
}
