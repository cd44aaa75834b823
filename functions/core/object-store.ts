import type { IncomingMessage } from 'node:http';
import { NotFoundError, PermanentError, RetryableError } from './errors.ts';
import { type ConnectionOptions, connectBucket } from './objects/connection.ts';
import type { Answered } from './objects/exchange.ts';
import { type Upload, upload } from './objects/upload.ts';

/**
 * What the core needs of S3: seven operations on one bucket. Measured, minified: the SDK's client with the commands
 * for them is 302 KB, with its presigner the exports' function came to 515 KB of the 470 that one with an SDK client
 * may have, and a job with an SQS client beside it to more; these files are 8 KB over the signer that is there
 * anyway.
 *
 * Every call ends in a typed error: RetryableError when another attempt may succeed (four were made), NotFoundError
 * (NO_SUCH_OBJECT), PermanentError (OBJECT_STORE_REFUSED) for the rest.
 */
export interface ObjectStore {
  /** Streams in constant memory (15 MiB), whatever the length; resolves to the bytes. All of it or nothing. */
  put(object: Upload): Promise<number>;
  /** Its size at once, its bytes as they are read; reading fails with RetryableError when it is cut off. */
  get(key: string): Promise<OpenObject>;
  /** Undefined when there is none. */
  find(key: string): Promise<StoredObject | undefined>;
  /** Also right where there is none. */
  delete(key: string): Promise<void>;
  /** For someone else to upload exactly so many bytes of exactly this type; S3 refuses anything else. */
  presignPut(key: string, request: PresignedPut): SignedUpload;
  /** For someone else to download. @returns the URL */
  presignGet(key: string, request: PresignedGet): string;
}

export interface StoredObject {
  readonly bytes: number;
  readonly contentType: string;
  /** By lower-case name, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OpenObject extends StoredObject {
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PresignedPut {
  readonly contentType: string;
  /** Signed: a presigned PUT knows no range, so the caller is asked for the size before. */
  readonly contentLength: number;
  /** 1 to 604,800; a role's own session may end sooner. */
  readonly expiresSeconds: number;
}

export interface SignedUpload {
  readonly method: 'PUT';
  readonly url: string;
  /** To be sent as they are. */
  readonly headers: { readonly 'content-type': string; readonly 'content-length': string };
}

export interface PresignedGet {
  readonly expiresSeconds: number;
  /** What S3 is to answer with, whatever the object says. */
  readonly contentDisposition?: string;
  readonly contentType?: string;
}

/** @param bucket FILES_BUCKET; endpoint, region and credentials are the environment's, as the SDK reads them */
export function objectStore(bucket: string, options: ConnectionOptions = {}): ObjectStore {
  const s3 = connectBucket(bucket, options);
  return {
    put: (object) => upload(s3, object),

    async get(key) {
      const incoming = await s3.open({ method: 'GET', key });
      const stored = storedIn(incoming);
      return { ...stored, body: wholeBody(key, incoming, stored.bytes) };
    },

    async find(key) {
      try {
        return storedIn(await s3.send({ method: 'HEAD', key }));
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },

    async delete(key) {
      await s3.send({ method: 'DELETE', key });
    },

    presignPut(key, { contentType, contentLength, expiresSeconds }) {
      if (!Number.isSafeInteger(contentLength) || contentLength < 0) {
        throw new PermanentError(`an upload's length is a number of bytes, not ${contentLength}`, {
          code: 'UPLOAD_LENGTH',
        });
      }
      const headers = { 'content-type': contentType, 'content-length': String(contentLength) };
      return {
        method: 'PUT',
        url: s3.presigned({ method: 'PUT', key, headers }, expiresSeconds),
        headers,
      };
    },

    presignGet(key, { expiresSeconds, contentDisposition, contentType }) {
      const query = [
        ...(contentDisposition === undefined
          ? []
          : [['response-content-disposition', contentDisposition] as const]),
        ...(contentType === undefined ? [] : [['response-content-type', contentType] as const]),
      ];
      return s3.presigned({ method: 'GET', key, query }, expiresSeconds);
    },
  };
}

function storedIn({ headers }: Answered | IncomingMessage): StoredObject {
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') ? [[name.slice('x-amz-meta-'.length), String(value)] as const] : [],
  );
  return {
    bytes: Number(headers['content-length'] ?? 0),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    metadata: Object.fromEntries(metadata),
  };
}

async function* wholeBody(
  key: string,
  incoming: AsyncIterable<Uint8Array>,
  expected: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw cutOff(key, bytes, expected, { cause });
  }
  if (bytes !== expected) throw cutOff(key, bytes, expected);
}

function cutOff(key: string, bytes: number, expected: number, options: ErrorOptions = {}): RetryableError {
  return new RetryableError(`${key} ended after ${bytes} of ${expected} bytes`, {
    code: 'OBJECT_CUT_OFF',
    ...options,
  });
}
