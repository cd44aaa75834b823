import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { NotFoundError, PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { objectStore } from '../../functions/core/object-store.ts';
import { type Fault, testObjects } from '../support/objects.ts';

const MIB = 1024 * 1024;
const objects = testObjects();
beforeEach(() => objects().reset());

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(key: string): Promise<Buffer> {
  const { body, bytes } = await objects().store.get(key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  expect(all.length).toBe(bytes);
  return all;
}

const csv = { contentType: 'text/csv; charset=utf-8' };

describe('put', () => {
  test.each([
    ['nothing', 0, 1000],
    ['less than a part', 5000, 7],
    ['a byte less than a part', 8 * MIB - 1, MIB],
    ['exactly a part', 8 * MIB, MIB],
    ['a byte more', 8 * MIB + 1, 100_003],
    ['several parts of odd chunks', 26 * MIB + 17, 3 * MIB + 1],
    ['one chunk of many parts', 25 * MIB, 25 * MIB],
  ])('%s comes back byte for byte, with what was known at its end', async (_what, length, size) => {
    const { store } = objects();
    const bytes = randomBytes(length);
    let ended = false;
    async function* chunks() {
      yield* chunksOf(bytes, size);
      ended = true;
    }
    const key = `exports/put ñ+${length}.csv`;
    const metadata = () => {
      expect(ended).toBe(true);
      return { 'row-count': '7', 'content-digest': 'sha-256=:AA+/=:' };
    };
    expect(await store.put({ key, ...csv, chunks: chunks(), metadata })).toBe(length);
    expect(digest(await read(key))).toBe(digest(bytes));
    expect(await store.find(key)).toEqual({
      bytes: length,
      contentType: 'text/csv; charset=utf-8',
      metadata: { 'row-count': '7', 'content-digest': 'sha-256=:AA+/=:' },
    });
    expect(objects().unfinished()).toBe(0);
  });

  test('reads no further ahead than two parts on their way and one that fills', async () => {
    const { store } = objects();
    const chunk = Buffer.alloc(MIB, 'x');
    let most = 0;
    async function* chunks() {
      for (let sent = 1; sent <= 80; sent += 1) {
        yield chunk;
        most = Math.max(most, sent - 8 * objects().parts());
      }
    }
    expect(await store.put({ key: 'exports/long', ...csv, chunks: chunks() })).toBe(80 * MIB);
    expect(most).toBeLessThanOrEqual(24);
    // One to begin, ten parts, one to complete.
    expect(objects().requests).toHaveLength(12);
  });

  const failing: readonly [string, (line: string) => Fault | undefined][] = [
    [
      'a part is refused',
      (line) =>
        line.includes('partNumber=2')
          ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
          : undefined,
    ],
    ['a part cannot be sent', (line) => (line.includes('partNumber=3') ? 'cut' : undefined)],
    [
      'completing says 200 and then an error',
      (line) =>
        /^POST .*uploadId/.test(line)
          ? { status: 200, body: '<Error><Code>InternalError</Code></Error>' }
          : undefined,
    ],
  ];
  test.each(failing)('leaves no object and no parts when %s', async (_what, fault) => {
    objects().fault = fault;
    const bytes = Buffer.alloc(40 * MIB);
    const key = 'exports/failing';
    await expect(objects().store.put({ key, ...csv, chunks: chunksOf(bytes, MIB) })).rejects.toBeInstanceOf(
      Error,
    );
    objects().fault = () => undefined;
    expect(await objects().store.find(key)).toBeUndefined();
    expect(objects().unfinished()).toBe(0);
    expect(objects().requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
  });

  test('leaves no object and no parts when its source fails, and gives the source’s error', async () => {
    const broken = new RetryableError('the cursor died', { code: '57P01' });
    let closed = false;
    async function* chunks() {
      try {
        yield Buffer.alloc(20 * MIB);
        throw broken;
      } finally {
        closed = true;
      }
    }
    await expect(objects().store.put({ key: 'exports/broken', ...csv, chunks: chunks() })).rejects.toBe(
      broken,
    );
    expect(closed).toBe(true);
    expect(objects().unfinished()).toBe(0);
    expect(await objects().store.find('exports/broken')).toBeUndefined();
  });

  test('closes its source when S3 refuses', async () => {
    let closed = false;
    async function* chunks() {
      try {
        for (;;) yield Buffer.alloc(MIB);
      } finally {
        closed = true;
      }
    }
    objects().fault = (line) => (line.includes('partNumber=1') ? { status: 403 } : undefined);
    await expect(objects().store.put({ key: 'exports/closed', ...csv, chunks: chunks() })).rejects.toThrow(
      PermanentError,
    );
    expect(closed).toBe(true);
  });

  test('repeats a part that S3 asks to be slower with, and damages nothing by it', async () => {
    const bytes = randomBytes(20 * MIB);
    const refused = new Set<string>();
    objects().fault = (line) => {
      if (!line.includes('partNumber=') || refused.has(line)) return undefined;
      refused.add(line);
      return { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
    };
    await objects().store.put({ key: 'exports/slow', ...csv, chunks: chunksOf(bytes, MIB) });
    expect(digest(await read('exports/slow'))).toBe(digest(bytes));
    expect(refused.size).toBe(3);
    expect(objects().waits).toHaveLength(3);
  });
});

describe('errors', () => {
  test('an object that is not there', async () => {
    const { store } = objects();
    await expect(store.get('exports/none')).rejects.toThrow(NotFoundError);
    await expect(store.get('exports/none')).rejects.toMatchObject({ code: 'NO_SUCH_OBJECT' });
    expect(await store.find('exports/none')).toBeUndefined();
    await store.delete('exports/none');
  });

  test('a bucket that is not there is nobody’s missing object', async () => {
    const other = objectStore('elsewhere', { environment: objects().environment });
    await expect(other.get('exports/x')).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'OBJECT_STORE_REFUSED',
    });
  });

  test.each([
    [{ status: 500 }, 4, RetryableError],
    [{ status: 503, body: '<Error><Code>SlowDown</Code></Error>' }, 4, RetryableError],
    [{ status: 429 }, 4, RetryableError],
    [{ status: 400, body: '<Error><Code>RequestTimeout</Code></Error>' }, 4, RetryableError],
    ['cut', 4, RetryableError],
    [
      { status: 403, body: '<Error><Code>AccessDenied</Code><Message>No.</Message></Error>' },
      1,
      PermanentError,
    ],
    [{ status: 307 }, 1, PermanentError],
  ] as const)('%j is tried %i times', async (fault, attempts, type) => {
    objects().fault = () => fault;
    await expect(objects().store.delete('exports/x')).rejects.toThrow(type);
    expect(objects().requests).toHaveLength(attempts);
    expect(objects().waits).toHaveLength(attempts - 1);
    for (const [n, wait] of objects().waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(25 * 4 ** n);
      expect(wait).toBeLessThanOrEqual(75 * 4 ** n);
    }
  });

  test('a download that is cut off says so', async () => {
    objects().fault = () => ({ status: 200, headers: { 'content-length': '100' }, body: 'short' });
    const { body, bytes } = await objects().store.get('exports/x');
    expect(bytes).toBe(100);
    const all = async () => {
      for await (const _chunk of body);
    };
    await expect(all()).rejects.toMatchObject({ name: 'RetryableError', code: 'OBJECT_CUT_OFF' });
  });

  test('credentials that are not there are named', () => {
    expect(() => objectStore('files', { environment: { AWS_REGION: 'us-east-1' } })).toThrow(
      'the environment variable AWS_ACCESS_KEY_ID is missing: objects in S3 need it',
    );
  });
});

describe('links', () => {
  const seconds = 900;

  test('upload what was announced, and nothing else', async () => {
    const { store } = objects();
    const { url, method, headers } = store.presignPut('uploads/a.csv', {
      contentType: 'text/csv',
      contentLength: 5,
      expiresSeconds: seconds,
    });
    const send = (body: string, type = headers['content-type']) =>
      fetch(url, { method, body, headers: { 'content-type': type } });
    expect((await send('123456')).status).toBe(403);
    expect((await send('12345', 'text/html')).status).toBe(403);
    expect(await store.find('uploads/a.csv')).toBeUndefined();
    expect((await send('12345')).status).toBe(200);
    expect((await read('uploads/a.csv')).toString()).toBe('12345');
    expect((await fetch(url.replace('a.csv', 'b.csv'), { method, body: '12345', headers })).status).toBe(403);
  });

  test('download under the name and type asked for', async () => {
    const { store } = objects();
    await store.put({ key: 'exports/b.csv', ...csv, chunks: chunksOf(Buffer.from('sí'), 1) });
    const url = store.presignGet('exports/b.csv', {
      expiresSeconds: seconds,
      contentDisposition: 'attachment; filename="cobranza_20260113.csv"',
      contentType: 'text/plain',
    });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([200, 'sí']);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="cobranza_20260113.csv"');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect((await fetch(url.replace('20260113', '20260114'))).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(url.split('?')[0] ?? '')).status).toBe(403);
  });

  test('expire', async () => {
    const old = objectStore(objects().bucket, {
      environment: objects().environment,
      now: () => new Date(Date.now() - 61_000),
    });
    await objects().store.put({ key: 'exports/c.csv', ...csv, chunks: chunksOf(Buffer.from('x'), 1) });
    expect((await fetch(old.presignGet('exports/c.csv', { expiresSeconds: 60 }))).status).toBe(403);
    expect((await fetch(old.presignGet('exports/c.csv', { expiresSeconds: 120 }))).status).toBe(200);
  });

  test('go to the bucket’s own host name where no other endpoint is given', () => {
    const { AWS_ENDPOINT_URL_S3: _, ...environment } = objects().environment;
    const url = objectStore('cuadre-files-1', { environment }).presignGet('exports/á b.csv', {
      expiresSeconds: 60,
    });
    expect(url).toMatch(
      /^https:\/\/cuadre-files-1\.s3\.us-east-1\.amazonaws\.com\/exports\/%C3%A1%20b\.csv\?X-Amz-/,
    );
  });

  test('a length must be a number of bytes', () => {
    const link = (contentLength: number) =>
      objects().store.presignPut('uploads/x', { contentType: 'text/csv', contentLength, expiresSeconds: 60 });
    for (const wrong of [-1, 1.5, Number.NaN]) expect(() => link(wrong)).toThrow(PermanentError);
  });
});
