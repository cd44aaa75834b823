import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import type { S3Store } from '../sqs/parts.ts';

type S3Object = ReturnType<S3Store['getObject']>;
type Upload = Parameters<S3Store['restoreMultipartUpload']>[0];

const mapOf = <T>() => z.custom<Map<string, T>>((value) => value instanceof Map, 'a Map was expected');

const inside = z.object({
  buckets: mapOf<Map<string, S3Object>>(),
  multipartUploads: mapOf<Upload>(),
  multipartUploadsByBucket: mapOf<Set<string>>(),
});

/**
 * Keeps fauxqs from taking the MD5 of the same bytes three times: of each part as it arrives, of all of them again when
 * they become an object, and of that when it is copied onto itself. For a file of 233 MB that is 1.1 s of processor time, most
 * of it after the last byte, while whoever uploads waits. Here an ETag is made from the checksum that the part came with and
 * that has been verified: as opaque as those of real S3 under KMS, which are no MD5 either.
 *
 * For objects in memory alone, and for uploads in which nothing is wrong; the rest is fauxqs's.
 */
export function hashLess(store: S3Store): void {
  const { buckets, multipartUploads, multipartUploadsByBucket } = inside.parse(store);
  const uploadPart = store.uploadPart.bind(store);
  const complete = store.completeMultipartUpload.bind(store);
  const putObject = store.putObject.bind(store);
  /** Of the bytes of an object that parts have become. */
  const etags = new WeakMap<Buffer, string>();

  store.uploadPart = (uploadId, partNumber, body, checksumValue) => {
    const upload = multipartUploads.get(uploadId);
    if (upload === undefined || checksumValue === undefined || store.persistence !== undefined) {
      return uploadPart(uploadId, partNumber, body, checksumValue);
    }
    const etag = `"${md5(`${checksumValue} ${body.length}`)}"`;
    upload.parts.set(partNumber, { partNumber, body, etag, lastModified: new Date(), checksumValue });
    return { etag, checksumValue };
  };

  store.completeMultipartUpload = (uploadId, specs) => {
    const upload = multipartUploads.get(uploadId);
    const objects = buckets.get(upload?.bucket ?? '');
    const parts = upload === undefined ? undefined : partsOf(upload, specs);
    if (!upload || !objects || !parts || store.persistence !== undefined) return complete(uploadId, specs);
    const { uploadId: _id, bucket, key, parts: _parts, initiated: _initiated, ...described } = upload;
    const body = Buffer.concat(parts.map((part) => part.body));
    const etag = `"${md5(parts.map((part) => part.etag).join(' '))}-${parts.length}"`;
    const object = {
      ...described,
      key,
      body,
      contentLength: body.length,
      etag,
      lastModified: new Date(),
      parts: boundaries(parts),
      ...checksumOf(parts),
    };
    etags.set(body, etag);
    objects.set(key, object);
    multipartUploads.delete(uploadId);
    multipartUploadsByBucket.get(bucket)?.delete(uploadId);
    store.spy?.addMessage({ service: 's3', bucket, key, status: 'uploaded', timestamp: Date.now() });
    return object;
  };

  store.putObject = (bucket, key, body, ...rest) => {
    const etag = etags.get(body);
    if (etag === undefined || store.persistence !== undefined) return putObject(bucket, key, body, ...rest);
    const object = putObject(bucket, key, Buffer.alloc(0), ...rest);
    return Object.assign(object, { body, contentLength: body.length, etag });
  };
}

type Part = Upload['parts'] extends Map<number, infer P> ? P : never;

const LEAST = 5 * 1024 * 1024;

/** As they are listed; undefined where anything about them is wrong, or one has another checksum than CRC32. */
function partsOf(upload: Upload, specs: readonly { partNumber: number; etag: string }[]): Part[] | undefined {
  if (upload.checksumAlgorithm !== 'CRC32' || specs.length === 0) return undefined;
  const parts: Part[] = [];
  for (const [n, { partNumber, etag }] of specs.entries()) {
    const part = upload.parts.get(partNumber);
    if (part?.checksumValue === undefined || partNumber <= (specs[n - 1]?.partNumber ?? 0)) return undefined;
    if (etag.replaceAll('"', '') !== part.etag.replaceAll('"', '')) return undefined;
    if (n < specs.length - 1 && part.body.length < LEAST) return undefined;
    parts.push(part);
  }
  return parts;
}

function boundaries(parts: readonly Part[]) {
  let offset = 0;
  return parts.map(({ partNumber, body: { length } }) => {
    offset += length;
    return { partNumber, offset: offset - length, length };
  });
}

/** S3's composite: the checksum of the parts' checksums, and how many they are. */
function checksumOf(parts: readonly Part[]) {
  const partChecksums = parts.map((part) => part.checksumValue ?? '');
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(Buffer.concat(partChecksums.map((each) => Buffer.from(each, 'base64')))));
  return {
    checksumAlgorithm: 'CRC32',
    checksumValue: `${bytes.toString('base64')}-${parts.length}`,
    checksumType: 'COMPOSITE',
    partChecksums,
  } as const;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
