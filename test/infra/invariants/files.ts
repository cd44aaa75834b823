import { expect, it } from 'vitest';
import * as z from 'zod';
import type { Assembly } from '../assembly.ts';
import type { EnvironmentName } from '../environments.ts';
import { allowedBy } from './policies.ts';

const rule = z.looseObject({
  Id: z.string(),
  Status: z.literal('Enabled'),
  Prefix: z.string().optional(),
  ExpirationInDays: z.int().optional(),
  AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: z.int() }).optional(),
});

const bucket = z.looseObject({
  BucketName: z.unknown(),
  BucketEncryption: z.object({
    ServerSideEncryptionConfiguration: z.tuple([
      z.object({ ServerSideEncryptionByDefault: z.object({ SSEAlgorithm: z.literal('AES256') }) }),
    ]),
  }),
  PublicAccessBlockConfiguration: z.strictObject({
    BlockPublicAcls: z.literal(true),
    BlockPublicPolicy: z.literal(true),
    IgnorePublicAcls: z.literal(true),
    RestrictPublicBuckets: z.literal(true),
  }),
  OwnershipControls: z.object({
    Rules: z.tuple([z.object({ ObjectOwnership: z.literal('BucketOwnerEnforced') })]),
  }),
  LifecycleConfiguration: z.object({ Rules: z.array(rule) }),
});

const lambda = z.looseObject({
  FunctionName: z.string().default('a provider'),
  Role: z.unknown(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional(),
});

/** What each function may do with files; whoever is not listed may do nothing, and is not told the bucket. */
const USES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'cuadre-api-exports': { exports: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'] },
  'cuadre-api-uploads': { uploads: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'] },
  'cuadre-cabinet-upload-take': { uploads: ['s3:GetObject'] },
};

export function files(assembly: Assembly, environment: EnvironmentName): void {
  const buckets = assembly.ofType('AWS::S3::Bucket');

  it('keeps files in one private, encrypted bucket from which everything goes by itself', () => {
    expect(buckets).toHaveLength(1);
    const { LifecycleConfiguration } = bucket.parse(buckets[0]?.properties);
    expect(
      LifecycleConfiguration.Rules.map(({ Prefix, ExpirationInDays, AbortIncompleteMultipartUpload }) => [
        Prefix,
        ExpirationInDays ?? AbortIncompleteMultipartUpload?.DaysAfterInitiation,
      ]),
    ).toEqual([
      [undefined, 1],
      ['exports/', 3],
      ['uploads/', 30],
    ]);
    expect(buckets[0]?.deletionPolicy).toBe('Delete');
    expect(assembly.all().filter(({ type }) => type === 'Custom::S3AutoDeleteObjects')).toEqual([]);
  });

  it('refuses what does not come over TLS 1.2', () => {
    const [policy] = assembly.ofType('AWS::S3::BucketPolicy');
    expect(JSON.stringify(policy?.properties)).toContain('"aws:SecureTransport":"false"');
    expect(JSON.stringify(policy?.properties)).toContain('"s3:TlsVersion":1.2');
  });

  it('lets each function do with files what it must, below its prefix, and tells no other the bucket', () => {
    for (const found of assembly.ofType('AWS::Lambda::Function')) {
      const { FunctionName, Role, Environment } = lambda.parse(found.properties);
      const name = FunctionName;
      const allowed = allowedBy(assembly, found, Role).filter(({ actions }) =>
        actions.some((action) => action.startsWith('s3:')),
      );
      const expected = Object.entries(USES[name] ?? {});
      const objects = allowed.filter(({ actions }) => !actions.includes('s3:ListBucket'));
      expect(
        objects.map(({ actions, resource }) => [/\/(\w+)\/\*/.exec(JSON.stringify(resource))?.[1], actions]),
        name,
      ).toEqual(expected);
      expect('FILES_BUCKET' in (Environment?.Variables ?? {}), name).toBe(expected.length > 0);
      for (const { resource } of allowed) expect(JSON.stringify(resource)).toContain(':s3:::cuadre-files-');
    }
  });

  it('reaches it from our own VPC by a gateway endpoint that lets through nothing else', () => {
    const own = environment === 'default' || environment === 'aurora with jwt';
    const gateways = assembly
      .ofType('AWS::EC2::VPCEndpoint')
      .filter(({ properties }) => properties['VpcEndpointType'] === 'Gateway');
    expect(gateways).toHaveLength(own ? 1 : 0);
    for (const { properties } of gateways) {
      expect(JSON.stringify(properties['ServiceName'])).toContain('.s3');
      expect(properties['RouteTableIds']).toHaveLength(2);
      expect(JSON.stringify(properties['PolicyDocument'])).toContain(':s3:::cuadre-files-');
      expect(JSON.stringify(properties['PolicyDocument'])).not.toMatch(/"Resource":"\*"|"Action":"/);
    }
  });
}
