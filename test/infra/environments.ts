/** The deployments that the tests synthesize: together they take every branch of infra/config.ts. */
const secret = (name: string) => `arn:aws:secretsmanager:sa-east-1:123456789012:secret:cuadre/${name}-AbCdEf`;

const insideVpc = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  availabilityZones: ['sa-east-1a', 'sa-east-1b'],
  securityGroupId: 'sg-0123456789abcdef0',
};

export const ENVIRONMENTS = {
  /** Nothing chosen. */
  default: {},
  /** A database that pauses, may be lost, and tells someone; callers with tokens. */
  'aurora with jwt': {
    database: {
      kind: 'aurora',
      engine: '16',
      minCapacity: 0,
      deletionProtection: false,
      onRemoval: 'destroy',
    },
    api: { auth: { kind: 'jwt', issuer: 'https://id.example.com/', audience: ['cuadre'] } },
    alarmEmail: 'nights@example.com',
    alerts: { email: 'fleet@example.com' },
    logRetentionDays: 7,
  },
  /** A customer's database on the internet, logins by secret. */
  'existing with secrets': {
    database: {
      kind: 'existing',
      host: 'db.example.com',
      port: 6432,
      name: 'fleet',
      auth: {
        kind: 'secret',
        secrets: {
          owner: secret('owner'),
          jobs: secret('jobs'),
          operator: secret('operator'),
          reader: secret('reader'),
        },
        kmsKeyArn: 'arn:aws:kms:sa-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
      },
      network: 'public',
    },
    preparedStatements: false,
  },
  /** A customer's database in the customer's VPC, logins by IAM. */
  'existing with iam': {
    database: {
      kind: 'existing',
      host: 'fleet.cluster-abc.sa-east-1.rds.amazonaws.com',
      name: 'fleet',
      auth: { kind: 'iam', resourceId: 'cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ' },
      network: insideVpc,
    },
    jobConcurrency: 5,
  },
} as const;

export type EnvironmentName = keyof typeof ENVIRONMENTS;
export const ENVIRONMENT_NAMES: readonly EnvironmentName[] = [
  'default',
  'aurora with jwt',
  'existing with secrets',
  'existing with iam',
];
