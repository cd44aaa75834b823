import * as z from 'zod';

/**
 * What a deployment may choose, read from the CDK context (`cdk.json`, or `-c name=value`; a structured value
 * is given as JSON). Everything has a default: an empty context is the whole product on its own database.
 */

/** Fits every physical name: the longest, a job's dead-letter queue, has 80 characters at most in SQS. */
const prefix = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be 1 to 20 of a-z, 0-9 and -, beginning with a letter');

const secretArn = z
  .string()
  .regex(/^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+/, 'must be the ARN of a secret');

const awsId = (kind: string) =>
  z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `must look like ${kind}-0123456789abcdef0`);

/** Aurora capacity units come in halves. */
const capacity = z.number().multipleOf(0.5);

const aurora = z
  .strictObject({
    kind: z.literal('aurora'),
    /** PostgreSQL's major version. */
    engine: z.enum(['16', '17']).default('17'),
    /**
     * 0 lets an idle cluster pause: nothing to pay but storage, and some fifteen seconds for the first caller
     * after the pause, who may be a person at the API. 0.5 answers at once.
     */
    minCapacity: capacity.min(0).max(256).default(0.5),
    maxCapacity: capacity.min(1).max(256).default(8),
    deletionProtection: z.boolean().default(true),
    backupRetentionDays: z.int().min(1).max(35).default(14),
    /** What becomes of the data when the stack is deleted. */
    onRemoval: z.enum(['snapshot', 'retain', 'destroy']).default('snapshot'),
  })
  .refine(({ minCapacity, maxCapacity }) => minCapacity <= maxCapacity, {
    path: ['maxCapacity'],
    message: 'must not be below minCapacity',
  });

/** One secret per database role: a shared login would give the reading API the right to write. */
const secrets = z.strictObject({ owner: secretArn, jobs: secretArn, operator: secretArn, reader: secretArn });

const existing = z.strictObject({
  kind: z.literal('existing'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5432),
  name: z.string().min(1),
  auth: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('secret'),
      secrets,
      /** Where the secrets are encrypted with a key of the customer's own. */
      kmsKeyArn: z.string().startsWith('arn:').optional(),
    }),
    z.strictObject({
      kind: z.literal('iam'),
      /** `cluster-...` or `db-...` of the database, or `prx-...` of its proxy. */
      resourceId: z
        .string()
        .regex(/^(cluster|db|prx)-[A-Za-z0-9]+$/, 'must look like cluster-ABC, db-ABC or prx-ABC'),
      /** The login that owns our schemas; it must be allowed to log in by IAM. */
      ownerUser: z.string().min(1).default('cuadre_migrator'),
    }),
  ]),
  /** `public`: the database answers on the internet (with TLS) and the functions stay outside any VPC. */
  network: z.union([
    z.literal('public'),
    z.strictObject({
      vpcId: awsId('vpc'),
      /** They must reach SQS, SNS, S3, Scheduler and, with secrets, Secrets Manager: by endpoints or by NAT. */
      subnetIds: z.array(awsId('subnet')).min(1),
      availabilityZones: z.array(z.string().min(1)).min(1),
      /** Worn by the functions; the database's own group must already admit it. */
      securityGroupId: awsId('sg'),
    }),
  ]),
});

const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('iam') }),
  z.strictObject({
    kind: z.literal('jwt'),
    issuer: z.url({ protocol: /^https$/ }),
    audience: z.array(z.string().min(1)).min(1),
  }),
]);

const api = z.strictObject({
  auth: auth.default({ kind: 'iam' }),
  /** Requests a second, of all callers, for reads and as much for operations: bounds who can hold a connection. */
  rateLimit: z.int().min(1).max(10_000).default(10),
  burstLimit: z.int().min(1).max(5_000).default(20),
});

const alerts = z.strictObject({
  /** Told of the alerts of each night: what is wrong with the business. */
  email: z.email().optional(),
});

/** The periods CloudWatch Logs accepts, in days. */
const RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] as const;

const config = z.strictObject({
  prefix: prefix.default('cuadre'),
  database: z.discriminatedUnion('kind', [aurora, existing]).prefault({ kind: 'aurora' }),
  api: api.prefault({}),
  /** Told of CloudWatch's alarms: what is wrong with the machinery. */
  alarmEmail: z.email().optional(),
  alerts: alerts.prefault({}),
  logRetentionDays: z.literal(RETENTIONS).default(90),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Off behind a pooler that cannot keep named statements (PgBouncer before 1.21). */
  preparedStatements: z.boolean().default(true),
  /** Invocations at a time per job queue; SQS mappings accept no less than 2. */
  jobConcurrency: z.int().min(2).max(1000).default(2),
  /** Kept by every run; the git commit unless given. */
  codeVersion: z
    .union([z.string(), z.int().transform(String)])
    .pipe(z.string().min(1).max(64))
    .optional(),
});

export type Config = z.infer<typeof config>;
export type AuroraConfig = Extract<Config['database'], { kind: 'aurora' }>;
export type ExistingDatabaseConfig = Extract<Config['database'], { kind: 'existing' }>;
export type ApiConfig = Config['api'];

/** CDK's own context keys name their owner before a colon; this one, which its CLI writes, does not. */
const CDK_KEYS = ['acknowledged-issue-numbers', 'notices', 'availability-zones'];

/** @throws one Error listing every problem: an unknown name, a wrong type, a value out of range */
export function parseConfig(context: Readonly<Record<string, unknown>>): Config {
  const ours = Object.entries(context).filter(([key]) => !/[:@/]/.test(key) && !CDK_KEYS.includes(key));
  const result = config.safeParse(
    Object.fromEntries(ours.map(([key, value]) => [key, fromCommandLine(value)])),
  );
  if (result.success) return result.data;
  throw new Error(`The CDK context does not describe a deployment:\n${z.prettifyError(result.error)}`);
}

/** `-c name=value` makes every value a string. */
function fromCommandLine(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(\{|\[|\d+(\.\d+)?$|true$|false$)/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
