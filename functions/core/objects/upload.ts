import { crc32 } from 'node:zlib';
import { RetryableError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { elementOf } from './refusal.ts';

/**
 * The least that S3 takes, and 10,000 of them: 50 GB. With one being filled and two on their way, an upload
 * of any length holds 15 MiB.
 */
const PART_BYTES = 5 * 1024 * 1024;
const IN_FLIGHT = 2;

export interface Upload {
  readonly key: string;
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Asked when the last chunk has been read: what is only known then, a digest or a count, may be in it. */
  readonly metadata?: () => Readonly<Record<string, string>>;
}

interface Part {
  readonly number: number;
  readonly etag: string;
  readonly crc: string;
}

/**
 * Streams an object of unknown length into the bucket; the bytes written. It appears whole or not at all: what fails
 * on the way is aborted, and what a killed function leaves, the bucket's lifecycle rule removes.
 */
export async function upload(s3: Connection, given: Upload): Promise<number> {
  const buffers = new Buffers();
  const source = partsOf(given.chunks, buffers);
  const first = await source.next();
  // The whole of it, since only the last part is shorter.
  if (first.done === true || first.value.length < PART_BYTES) {
    const body = first.done === true ? Buffer.alloc(0) : first.value;
    await source.next();
    await s3.send({
      method: 'PUT',
      key: given.key,
      headers: { ...describe(given), ...checksum(body) },
      body,
    });
    return body.length;
  }
  const uploadId = await begin(s3, given);
  try {
    const { parts, bytes } = await sendAll(s3, given.key, uploadId, first.value, source, buffers);
    await complete(s3, given.key, uploadId, parts);
    if (given.metadata !== undefined) await describeAfterwards(s3, given);
    return bytes;
  } catch (error) {
    await source.return(undefined);
    // The first error is the one to tell of; the lifecycle rule is the net under this one.
    await s3
      .send({ method: 'DELETE', key: given.key, query: [['uploadId', uploadId]] })
      .catch(() => undefined);
    throw error;
  }
}

async function sendAll(
  s3: Connection,
  key: string,
  uploadId: string,
  first: Buffer,
  source: AsyncGenerator<Buffer>,
  buffers: Buffers,
): Promise<{ parts: Part[]; bytes: number }> {
  const parts: Part[] = [];
  const inFlight = new Set<Promise<void>>();
  const stop = new AbortController();
  let failed: { readonly error: unknown } | undefined;
  let bytes = 0;

  const start = (number: number, body: Buffer) => {
    const sending = sendPart(s3, key, uploadId, number, body, stop.signal)
      .then((part) => void parts.push(part))
      .catch((error: unknown) => {
        failed ??= { error };
        stop.abort();
      })
      .finally(() => {
        inFlight.delete(sending);
        buffers.giveBack(body);
      });
    inFlight.add(sending);
  };

  try {
    for (let number = 1, part: IteratorResult<Buffer> = { value: first }; part.done !== true; number += 1) {
      bytes += part.value.length;
      start(number, part.value);
      if (inFlight.size === IN_FLIGHT) await Promise.race(inFlight);
      if (failed !== undefined) break;
      part = await source.next();
    }
  } catch (error) {
    failed ??= { error };
    stop.abort();
  }
  // All of them, also when one failed: a part that arrives after the abort would stay, and be paid for.
  await Promise.all(inFlight);
  if (failed !== undefined) throw failed.error;
  return { parts: parts.sort((a, b) => a.number - b.number), bytes };
}

async function begin(s3: Connection, given: Upload): Promise<string> {
  const { text } = await s3.send({
    method: 'POST',
    key: given.key,
    query: [['uploads', '']],
    headers: { 'content-type': given.contentType, 'x-amz-checksum-algorithm': 'CRC32' },
  });
  const uploadId = elementOf(text, 'UploadId');
  if (uploadId !== undefined) return uploadId;
  throw new RetryableError(`s3://${s3.bucket}/${given.key}: S3 named no upload`, { code: 'OBJECT_STORE' });
}

async function sendPart(
  s3: Connection,
  key: string,
  uploadId: string,
  number: number,
  body: Buffer,
  signal: AbortSignal,
): Promise<Part> {
  const headers = checksum(body);
  const { headers: answered } = await s3.send({
    method: 'PUT',
    key,
    query: [
      ['partNumber', String(number)],
      ['uploadId', uploadId],
    ],
    headers,
    body,
    signal,
  });
  return { number, etag: answered.etag ?? '', crc: headers['x-amz-checksum-crc32'] };
}

async function complete(
  s3: Connection,
  key: string,
  uploadId: string,
  parts: readonly Part[],
): Promise<void> {
  const list = parts.map(
    ({ number, etag, crc }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><ChecksumCRC32>${crc}</ChecksumCRC32></Part>`,
  );
  await s3.send({
    method: 'POST',
    key,
    query: [['uploadId', uploadId]],
    headers: { 'content-type': 'application/xml' },
    body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`,
  });
}

/**
 * A multipart upload takes its metadata when it begins. What is known only at its end is put there by copying the
 * object onto itself, inside S3; the alternative, a file in the function's /tmp first, would send nothing until the
 * last row is written and need a disk as large as the largest export.
 */
async function describeAfterwards(s3: Connection, given: Upload): Promise<void> {
  await s3.send({
    method: 'PUT',
    key: given.key,
    headers: {
      ...describe(given),
      'x-amz-copy-source': `/${s3.bucket}/${encodeURI(given.key)}`,
      'x-amz-metadata-directive': 'REPLACE',
    },
  });
}

function describe({ contentType, metadata }: Upload): Record<string, string> {
  const described = Object.entries(metadata?.() ?? {}).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return { 'content-type': contentType, ...Object.fromEntries(described) };
}

/** S3 refuses the body when it does not match: what is stored is what was meant. */
function checksum(body: Buffer) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return { 'x-amz-checksum-crc32': bytes.toString('base64') };
}

/** The same bytes in parts of one size, the last one shorter; nothing of nothing. */
async function* partsOf(
  chunks: AsyncIterable<Uint8Array>,
  buffers: Buffers,
): AsyncGenerator<Buffer, undefined> {
  let part = buffers.take();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const piece = chunk.subarray(from, from + PART_BYTES - filled);
      part.set(piece, filled);
      from += piece.length;
      filled += piece.length;
      if (filled < PART_BYTES) continue;
      yield part;
      part = buffers.take();
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/** Used again and again: memory that waits to be collected counts as much as memory in use. */
class Buffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES);
  }

  giveBack(part: Buffer): void {
    if (part.length === PART_BYTES) this.#free.push(part);
  }
}
