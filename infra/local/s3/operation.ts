import { bucketArn } from './types.ts';

/** A request to S3 as its address and headers tell. */
export interface ObjectCall {
  readonly method: string;
  /** Undecoded, with the query. */
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Needed {
  readonly action: string;
  readonly resource: string;
}

/** Bucket and key of a path; the key is empty where the bucket is meant. */
export function placeOf({ url }: ObjectCall): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(url.pathname) ?? [];
  return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
}

/** What a role must allow for the call, as the service authorization reference lists it. */
export function neededFor(call: ObjectCall): readonly Needed[] {
  const { bucket, key } = placeOf(call);
  if (bucket === '') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (key === '') return [{ action: bucketAction(call), resource: bucketArn(bucket) }];
  const source = call.headers['x-amz-copy-source'];
  return [
    { action: objectAction(call), resource: `${bucketArn(bucket)}/${key}` },
    ...(source === undefined
      ? []
      : [{ action: 's3:GetObject', resource: bucketArn(decodeURIComponent(source).replace(/^\//, '')) }]),
  ];
}

function objectAction({ method, url }: ObjectCall): string {
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject';
  if (method === 'DELETE') {
    return url.searchParams.has('uploadId') ? 's3:AbortMultipartUpload' : 's3:DeleteObject';
  }
  return 's3:PutObject';
}

function bucketAction({ method, url }: ObjectCall): string {
  if (method === 'GET' || method === 'HEAD') return 's3:ListBucket';
  if (method === 'POST') return url.searchParams.has('delete') ? 's3:DeleteObject' : 's3:PutObject';
  return method === 'PUT' ? 's3:CreateBucket' : 's3:DeleteBucket';
}
