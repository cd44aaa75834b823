import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { BundledFunction } from './bundled-function.ts';

/** The parts of the bucket: what is in them, who may do what there, and how long it stays. */
export type FilesPrefix = 'exports' | 'uploads';

const ACTIONS = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject', 's3:AbortMultipartUpload'],
  delete: ['s3:DeleteObject'],
} as const;

/**
 * An export can be made again at any time, and a link to one lives for minutes. An upload is loaded within the hour;
 * its file stays as long as somebody may ask what was in it. Both hold names, and an upload telephone numbers.
 */
const DAYS: Readonly<Record<FilesPrefix, number>> = { exports: 3, uploads: 30 };

/**
 * The bucket of files too large for an answer or a request.
 *
 * Known by its name alone, so that whoever uses it depends on no export of its stack. Not versioned: an object is
 * written once, under a key of its own, and a version kept would outlive the day that its file must go.
 */
export class Files extends Construct {
  readonly bucketName: string;
  readonly bucketArn: string;
  private readonly prefix: string;

  constructor(scope: Construct, id: string, prefix: string) {
    super(scope, id);
    this.prefix = prefix;
    this.bucketName = filesBucketName(prefix);
    this.bucketArn = filesBucketArn(prefix);
    const bucket = new Bucket(this, 'Bucket', {
      bucketName: this.bucketName,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // With S3's own key: the database's has no more, and KMS would charge every part of every file.
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: false,
      lifecycleRules: [
        { id: 'unfinished', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        ...Object.entries(DAYS).map(([part, days]) => ({
          id: part,
          prefix: `${part}/`,
          expiration: Duration.days(days),
        })),
      ],
      // CloudFormation deletes no bucket that holds anything: the stack's deletion stops there, and whoever wants it
      // gone empties it first. RETAIN would leave its name behind, which the next deployment needs; emptying it by a
      // custom resource would delete people's uploads without being asked.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      bucket,
      'Who asked for a file is in the API’s access log, and what is in one is in the ledger; a log of accesses would need a bucket that outlives the files it tells of. CloudTrail’s data events are the account’s to switch on.',
      'S1',
    );
  }

  /** Below a prefix and nowhere else. Reading includes being told that an object is not there. */
  grant(to: BundledFunction, prefix: FilesPrefix, ...uses: readonly (keyof typeof ACTIONS)[]): void {
    const { role } = to.function;
    if (role === undefined) throw new Error(`${to.functionName} has no role`);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: uses.flatMap((use) => ACTIONS[use]),
        resources: [`${this.bucketArn}/${prefix}/*`],
      }),
    );
    if (uses.includes('read')) {
      // Without it S3 answers 403 for what does not exist. A condition on the prefix would not hold for HEAD and GET.
      role.addToPrincipalPolicy(
        new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucketArn] }),
      );
    }
    acknowledge(
      to,
      `Objects below ${prefix}/ have names that are made at run time; the prefix is the resource, in one bucket.`,
      `IAM5[Resource::arn:<AWS::Partition>:s3:::${this.prefix}-files-<AWS::AccountId>-<AWS::Region>/${prefix}/*]`,
    );
  }
}

/** Bucket names are the world's: the account and the region make it this deployment's. */
export function filesBucketName(prefix: string): string {
  return `${prefix}-files-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
}

export function filesBucketArn(prefix: string): string {
  return `arn:${Aws.PARTITION}:s3:::${filesBucketName(prefix)}`;
}
