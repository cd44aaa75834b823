import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type CsvColumn, copyStatements, type Source } from './csv.ts';
import { CsvFile, tooLargeInline, tooManyRowsInline } from './csv-file.ts';
import { copyInOrder } from './csv-lanes.ts';
import { type CopiedRows, type Transaction, withCrlf } from './database.ts';
import { dateIn } from './dates.ts';
import { cacheHeaders, etagOf, type HttpEvent, type HttpResult, notModified } from './http.ts';
import { type ObjectStore, objectStore, type StoredObject } from './object-store.ts';
import type { Environment } from './services.ts';

/**
 * What a Lambda may answer with at once, as it travels: the result as JSON, in which a quote or a line end takes two
 * bytes and an accent as many as in UTF-8. A little is left for the headers.
 */
const INLINE_BYTES = 6_291_556 - 8_192;

/** To follow a link, not to keep it: a role's session may end sooner than a longer one. */
const LINK_SECONDS = 900;

/** Kept back of the function's time for giving a file up. */
const SETTLING_SECONDS = 5;

export interface CsvExport {
  readonly columns: readonly CsvColumn[];
  /**
   * In the order of the file. Limited to one row more than `maxRows`: that is enough to know. Several where the file is
   * large: what they hold comes one after the other in the file, and is read on two connections at once.
   */
  readonly sources: readonly Source[];
  /** The file's name up to the time stamp. */
  readonly name: string;
  /** Refused above it, whatever the way. */
  readonly maxRows: number;
  /** How many there are, where somebody has counted them in the same snapshot. */
  readonly rows?: number | undefined;
  /** In the answer or not at all: `inline=true`. */
  readonly inline: boolean;
  /** What the file is a copy of; over the bytes unless given. */
  readonly tag?: string | undefined;
  /** What decides its bytes, where that is known before: a file of the same is used again. */
  readonly version?: string | undefined;
}

interface Request {
  readonly event: HttpEvent;
  readonly environment: Environment;
}

/** A query's `inline`, for every export. */
export const inlineFlag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .pipe(z.boolean())
  .default(false)
  .describe('In this answer or not at all: a 413 instead of a link where it is too large.');

/**
 * The file with its digest (RFC 9530) and row count: in the answer up to 6 MB, above through S3 by 303 to a link.
 * Memory stays the same whatever its length. TooLargeError where it can be given in neither way.
 */
export async function csvAttachment(
  sql: Transaction,
  request: Request,
  given: CsvExport,
): Promise<HttpResult> {
  const { event, environment } = request;
  const statements = await copyStatements(sql, given.columns, given.sources);
  const inlineRows = environment.config.EXPORT_MAX_ROWS;
  return copy(sql, environment, statements, async (copied) => {
    const file = new CsvFile(given.columns, copied, given.maxRows);
    const source = file.bytes();
    // Known to be too many for an answer, they need not be held until that shows.
    const tooMany = given.rows !== undefined && given.rows > inlineRows;
    const { held, ended } = tooMany ? { held: [], ended: false } : await hold(source, file, inlineRows);
    if (ended) return inlineAnswer(event, given, file, Buffer.concat(held).toString('utf8'));
    const files = filesOf(environment);
    if (given.inline || files === undefined) {
      throw tooMany || file.rows > inlineRows ? tooManyRowsInline(inlineRows) : tooLargeInline();
    }
    const key = keyOf(given);
    const metadata = () => ({ 'row-count': String(file.rows), 'content-digest': file.digest() });
    let described: Readonly<Record<string, string>> = {};
    const bytes = await files.put({
      key,
      contentType: 'text/csv; charset=utf-8',
      chunks: both(held, source),
      metadata: () => {
        described = metadata();
        return described;
      },
    });
    return redirect(request, given, files, key, { bytes, contentType: '', metadata: described });
  });
}

async function copy<T>(
  sql: Transaction,
  { work, log, config }: Environment,
  statements: readonly string[],
  consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
): Promise<T> {
  const [only] = statements;
  if (only !== undefined && statements.length === 1) return sql.copy(only, withCrlf, consume);
  const alone = (error: unknown) => log.warn('a file is read on one connection', { error });
  return copyInOrder(sql, { other: work, statements, limitMs: limitOf(config), alone }, consume);
}

/** The role's limit is for screens. A file is one statement, or several, for as long as S3 takes it. */
function limitOf({ FUNCTION_TIMEOUT_SECONDS: seconds }: Environment['config']): number {
  return 1000 * Math.max(1, seconds - SETTLING_SECONDS);
}

/**
 * One state of the database for everything that a file is made from. Ends when the body has, also where the connection
 * is lost, of which a transaction's caller hears at once: a file that is being given up must be given up before the
 * function answers and is frozen.
 */
export async function snapshot<T>(
  { control, config }: Environment,
  body: (sql: Transaction) => Promise<T>,
): Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  try {
    return await control.transaction(async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`;
      await sql`select set_config('statement_timeout', ${String(limitOf(config))}, true)`;
      const result = body(sql);
      running = result.catch(() => undefined);
      return result;
    });
  } finally {
    await running;
  }
}

/** The link to the file of an earlier request over the same data, if there is one. */
export async function earlierFile(request: Request, given: CsvExport): Promise<HttpResult | undefined> {
  const files = filesOf(request.environment);
  if (given.version === undefined || given.inline || files === undefined) return undefined;
  const key = keyOf(given);
  const stored = await files.find(key);
  // What it is described by is written last: without it the writer was cut off there.
  return stored?.metadata['row-count'] === undefined
    ? undefined
    : redirect(request, given, files, key, stored);
}

/** The first pieces, up to what an answer may hold. */
async function hold(source: AsyncGenerator<Buffer>, file: CsvFile, maxRows: number) {
  const held: Buffer[] = [];
  let travelling = 0;
  for (;;) {
    const next = await source.next();
    if (next.done === true) return { held, ended: true };
    held.push(Buffer.from(next.value));
    travelling += jsonBytes(next.value);
    if (travelling > INLINE_BYTES || file.rows > maxRows) return { held, ended: false };
  }
}

async function* both(held: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  for (let piece = held.shift(); piece !== undefined; piece = held.shift()) yield piece;
  yield* rest;
}

/** Of UTF-8 text inside a JSON text. */
function jsonBytes(bytes: Buffer): number {
  let more = 0;
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) more += 1;
    else if (byte < 0x20) more += (byte > 7 && byte < 11) || byte === 12 || byte === 13 ? 1 : 5;
  }
  return bytes.length + more;
}

function inlineAnswer(event: HttpEvent, given: CsvExport, file: CsvFile, body: string): HttpResult {
  const etag = given.tag ?? etagOf(body);
  const unchanged = notModified(event, etag);
  if (unchanged !== undefined) return unchanged;
  return {
    statusCode: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': disposition(event, given),
      'content-digest': file.digest(),
      'x-row-count': String(file.rows),
      ...cacheHeaders(etag),
    },
    body,
  };
}

/** Digest and rows are those of the file; the answer itself says them for people, and expires with its link. */
function redirect(
  { event }: Request,
  given: CsvExport,
  files: ObjectStore,
  key: string,
  { bytes, metadata }: StoredObject,
): HttpResult {
  const location = files.presignGet(key, {
    expiresSeconds: LINK_SECONDS,
    contentDisposition: disposition(event, given),
  });
  const rows = metadata['row-count'] ?? '';
  return {
    statusCode: 303,
    headers: {
      location,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-row-count': rows,
    },
    body: JSON.stringify({
      location,
      expires_seconds: LINK_SECONDS,
      rows: Number(rows),
      bytes,
      content_digest: metadata['content-digest'],
    }),
  };
}

function keyOf({ name, version }: CsvExport): string {
  const id = version === undefined ? randomUUID() : createHash('sha256').update(version).digest('hex');
  return `exports/${name}/${id}.csv`;
}

let opened: { readonly bucket: string; readonly store: ObjectStore } | undefined;

function filesOf({ files, config }: Environment): ObjectStore | undefined {
  const { FILES_BUCKET: bucket } = config;
  if (files !== undefined || bucket === undefined) return files;
  if (opened?.bucket !== bucket) opened = { bucket, store: objectStore(bucket) };
  return opened.store;
}

function disposition(event: HttpEvent, { name }: CsvExport): string {
  return `attachment; filename="${name}_${stamp(event.requestContext.timeEpoch)}.csv"`;
}

/** `YYYYMMDD_HHMM` in Lima, of the request's own time. */
function stamp(epoch: number): string {
  const instant = new Date(epoch);
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'America/Lima',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(instant);
  return `${dateIn('America/Lima', instant).replaceAll('-', '')}_${time.replace(':', '')}`;
}
