import * as z from 'zod';
import { flag, inertProperty, tags, whole } from '../assembly/properties.ts';
import { ACCOUNT, type Naming, nameOf, played, REGION } from '../assembly/types.ts';

export const CLUSTER_RESOURCE_ID = 'cluster-LOCAL';

/** RDS names the secret that it keeps for the master user itself. */
function masterSecretArn({ suggestedName }: Naming): string {
  return `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:rds!cluster-${suggestedName}-LoCaL0`;
}

const embedded = 'the embedded server has no such setting';
const network = 'everything is on 127.0.0.1';

/** One cluster: an embedded PostgreSQL with the database and the master user that the template names. */
export const databaseCluster = played(
  'AWS::RDS::DBCluster',
  z.strictObject({
    DBClusterIdentifier: z.string().optional(),
    DatabaseName: z.string().default('postgres'),
    Engine: z.literal('aurora-postgresql', 'only PostgreSQL is played'),
    MasterUsername: z.string(),
    MasterUserPassword: z.string().optional(),
    ManageMasterUserPassword: flag.default(false),
    Port: whole.default(5432),
    EnableIAMDatabaseAuthentication: inertProperty('127.0.0.1 is trusted: any token is taken'),
    EngineVersion: inertProperty('the embedded version runs'),
    EngineLifecycleSupport: inertProperty('the embedded version runs'),
    AutoMinorVersionUpgrade: inertProperty(embedded),
    BackupRetentionPeriod: inertProperty(embedded),
    CopyTagsToSnapshot: inertProperty(embedded),
    DBClusterParameterGroupName: inertProperty(embedded),
    DBSubnetGroupName: inertProperty(network),
    DatabaseInsightsMode: inertProperty('there is no CloudWatch'),
    DeletionProtection: inertProperty('the state directory is the user’s to delete'),
    EnableCloudwatchLogsExports: inertProperty('there is no CloudWatch'),
    EnableHttpEndpoint: inertProperty('functions connect by the PostgreSQL protocol'),
    EnablePerformanceInsights: inertProperty('there is no CloudWatch'),
    KmsKeyId: inertProperty('nothing is encrypted on 127.0.0.1'),
    MonitoringInterval: inertProperty('there is no CloudWatch'),
    MonitoringRoleArn: inertProperty('there is no CloudWatch'),
    PerformanceInsightsEnabled: inertProperty('there is no CloudWatch'),
    PerformanceInsightsRetentionPeriod: inertProperty('there is no CloudWatch'),
    PreferredBackupWindow: inertProperty(embedded),
    PreferredMaintenanceWindow: inertProperty(embedded),
    ServerlessV2ScalingConfiguration: inertProperty('one machine does not scale'),
    StorageEncrypted: inertProperty('nothing is encrypted on 127.0.0.1'),
    StorageType: inertProperty(embedded),
    VpcSecurityGroupIds: inertProperty(network),
    Tags: tags,
  }),
  (naming) => {
    const { host, port } = naming.endpoints.database;
    return {
      ref: nameOf(naming, 'DBClusterIdentifier').toLowerCase(),
      attributes: {
        'Endpoint.Address': host,
        'Endpoint.Port': String(port),
        'ReadEndpoint.Address': host,
        DBClusterArn: `arn:aws:rds:${REGION}:${ACCOUNT}:cluster:${naming.suggestedName.toLowerCase()}`,
        DBClusterResourceId: CLUSTER_RESOURCE_ID,
        'MasterUserSecret.SecretArn': masterSecretArn(naming),
      },
    };
  },
);

/** An instance of the cluster: the same server, so nothing of it is read. */
export const databaseInstance = played(
  'AWS::RDS::DBInstance',
  z.strictObject({
    DBClusterIdentifier: z.string('only instances of a cluster are played'),
    AutoMinorVersionUpgrade: inertProperty(embedded),
    AvailabilityZone: inertProperty(network),
    CACertificateIdentifier: inertProperty('127.0.0.1 is reached without TLS'),
    DBInstanceClass: inertProperty('the server has what this machine has'),
    DBInstanceIdentifier: inertProperty('nothing asks for it'),
    DBParameterGroupName: inertProperty(embedded),
    EnablePerformanceInsights: inertProperty('there is no CloudWatch'),
    Engine: inertProperty('the cluster’s decides'),
    MonitoringInterval: inertProperty('there is no CloudWatch'),
    MonitoringRoleArn: inertProperty('there is no CloudWatch'),
    PerformanceInsightsRetentionPeriod: inertProperty('there is no CloudWatch'),
    PromotionTier: inertProperty('there is one server'),
    PubliclyAccessible: inertProperty(network),
    Tags: tags,
  }),
  (naming) => ({
    ref: naming.suggestedName.toLowerCase(),
    attributes: {
      'Endpoint.Address': naming.endpoints.database.host,
      'Endpoint.Port': String(naming.endpoints.database.port),
    },
  }),
);
