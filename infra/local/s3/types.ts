import * as z from 'zod';
import { inertProperty, tags, whole } from '../assembly/properties.ts';
import { nameOf, played, REGION } from '../assembly/types.ts';

const lifecycleRule = z.strictObject({
  Id: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().default(''),
  ExpirationInDays: whole.min(1).optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: whole.min(1) }).optional(),
});

export type LifecycleRule = z.output<typeof lifecycleRule>;

/** Versions, replication, notifications and websites are refused by name. */
export const bucket = played(
  'AWS::S3::Bucket',
  z.strictObject({
    BucketName: z.string().optional(),
    LifecycleConfiguration: z.strictObject({ Rules: z.array(lifecycleRule) }).optional(),
    PublicAccessBlockConfiguration: inertProperty('without a signature nothing is answered here'),
    OwnershipControls: inertProperty('there is one owner'),
    BucketEncryption: inertProperty('nothing is encrypted on 127.0.0.1'),
    Tags: tags,
  }),
  (naming) => {
    const name = nameOf(naming, 'BucketName').toLowerCase();
    return {
      ref: name,
      attributes: {
        Arn: bucketArn(name),
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${REGION}.amazonaws.com`,
      },
    };
  },
);

export type BucketProperties = z.output<typeof bucket.properties>;

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`;
}
