/** Takes a file in: all of it but its rejected rows, or nothing. docs/cabinet-ingestion.md. */
import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { compositeArray } from '../../core/csv/composite.ts';
import type { Database, Sql } from '../../core/database.ts';
import { ConflictError, CuadreError, InputError, LostError, RetryableError } from '../../core/errors.ts';
import { type DatasetName, datasets } from './datasets.ts';
import { readUpload } from './read-upload.ts';
import type { Reject } from './rows.ts';
import { shapeOf } from './shape.ts';

export interface UploadRequest {
  readonly uploadId: string;
  readonly dataset: DatasetName;
  readonly channel: 'api' | 'presigned' | 'cli';
  readonly by: string;
  readonly fileName: string | null;
  readonly jobRunId?: string;
  /** Read from the beginning by each call. */
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** Told of everything that is wrong with rows, as it is found; nothing else keeps the values. */
  readonly onFound?: (verdict: Verdict, found: readonly Reject[]) => Promise<void>;
}

/** `contradicted` and `different` only the database can say, once all rows are there. */
export type Verdict = 'rejected' | 'contradicted' | 'different';

const count = z.string().transform(Number);

const upload = z.strictObject({
  upload_id: z.guid(),
  dataset: z.enum(['leads', 'trips', 'payments']),
  channel: z.string(),
  uploaded_by: z.string(),
  uploaded_at: z.string(),
  file_name: z.string().nullable(),
  bytes: count,
  sha256: z.string(),
  total_rows: count,
  inserted: count,
  ignored: count,
  different: count,
  rejected: count,
  first_date: z.iso.date().nullable(),
  last_date: z.iso.date().nullable(),
});
export type Upload = z.output<typeof upload>;

/** Of what the database keeps, the value is not part. */
const listed = z
  .strictObject({ line: count, field: z.string().nullable(), rule: z.string() })
  .transform((reject): Reject => ({ ...reject, value: null }));

export interface Taken {
  readonly upload: Upload;
  /** The first of what is wrong with rows that were not taken. */
  readonly errors: readonly Reject[];
  /** The first rows whose key is there with other content; `field` names the columns. */
  readonly differences: readonly Reject[];
}

/** What an answer shows of each kind; the rest is in ops.upload_rejects. */
export const SHOWN = 10;

/** Whose values are kept to be shown: all that ten rows can have. */
const KEPT = SHOWN * 25;

/** More than this and it is not a file of the dataset: it is refused whole, and what is kept of an upload has a bound. */
const MOST_REJECTS = 100_000;

/** In a transaction of its own; with `dryRun` that is rolled back at the end, when everything is known. */
export async function takeUpload(
  database: Database,
  request: UploadRequest,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Taken> {
  let taken: Taken | undefined;
  try {
    await database.transaction(async (sql) => {
      taken = await takeUploadWith(sql, request, dryRun);
      if (dryRun) throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) {
      if (!(error instanceof LostError) || !(await isRecorded(database, request.uploadId)))
        throw again(error);
    }
  }
  if (taken === undefined) throw new Error('the transaction ended without an upload');
  return taken;
}

class RolledBack extends Error {}

/** The connection died during COMMIT: the record, which was part of it, says whether it was done. */
async function isRecorded(database: Database, uploadId: string): Promise<boolean> {
  const [row] = await database.sql(z.strictObject({ there: z.boolean() }))`
    select exists (select from ops.uploads where upload_id = ${uploadId}::uuid) as there`;
  return row?.there ?? false;
}

function again(error: unknown): unknown {
  if (!(error instanceof LostError)) return error;
  return new RetryableError('the connection was lost before the upload was committed', {
    code: error.code,
    cause: error,
  });
}

/** The same as part of a transaction that is somebody else's. */
export async function takeUploadWith(sql: Sql, request: UploadRequest, dryRun: boolean): Promise<Taken> {
  const { uploadId, dataset, onFound } = request;
  await sql`select ops.begin_upload(${dataset})`;
  const digest = createHash('sha256');
  let bytes = 0;
  const measured = async function* () {
    for await (const piece of request.bytes()) {
      digest.update(piece);
      bytes += piece.byteLength;
      yield piece;
    }
  };
  let columns: readonly string[] = [];
  let rejectedRows = 0;
  let rejected = 0;
  const errors: Reject[] = [];
  for await (const piece of readUpload(measured(), datasets[dataset])) {
    columns = piece.columns;
    rejectedRows += piece.rejectedRows;
    rejected += piece.rejects.length;
    if (rejected > MOST_REJECTS) throw tooManyRejects();
    errors.push(...piece.rejects.slice(0, KEPT - errors.length));
    if (piece.rows.length > 0) await stage(sql, dataset, compositeArray(piece.rows));
    if (piece.rejects.length > 0) {
      await stageRejects(sql, uploadId, piece.rejects);
      await onFound?.('rejected', piece.rejects);
    }
  }
  const record = await complete(sql, request, {
    columns,
    bytes,
    sha256: digest.digest('hex'),
    rejectedRows,
    dryRun,
  });
  if (onFound !== undefined) await tellFound(sql, uploadId, onFound);
  return { upload: record, ...(await firstProblems(sql, uploadId, errors)) };
}

async function tellFound(
  sql: Sql,
  uploadId: string,
  onFound: NonNullable<UploadRequest['onFound']>,
): Promise<void> {
  for (const verdict of ['contradicted', 'different'] as const) {
    for (let after = 0; ; ) {
      const page = await sql(listed)`
        select line, field, rule from ops.upload_rejects
        where upload_id = ${uploadId}::uuid and verdict = ${verdict} and line > ${after}::bigint
        order by line limit 1000`;
      const last = page.at(-1);
      if (last === undefined) break;
      await onFound(verdict, page);
      after = last.line;
    }
  }
}

function tooManyRejects(): InputError {
  const rule = `has more than ${MOST_REJECTS} things wrong with its rows: it is not a file of this kind`;
  return new InputError([{ field: 'file', value: undefined, rule }], { code: 'INVALID_INPUT' });
}

async function stage(sql: Sql, dataset: DatasetName, rows: string): Promise<void> {
  await sql`select ops.stage_upload(${dataset}, ${rows})`;
}

async function stageRejects(sql: Sql, uploadId: string, rejects: readonly Reject[]): Promise<void> {
  await sql`
    select ops.stage_upload_rejects(
      ${uploadId}::uuid, ${rejects.map(({ line }) => line)}::bigint[], ${rejects.map(({ field }) => field)}::text[],
      ${rejects.map(({ rule }) => rule)}::text[],
      ${rejects.map(({ value }) => (value === null ? null : shapeOf(value)))}::text[])`;
}

/** What the upstream's own table does not let us do, by SQLSTATE: its owner alone can change it. */
const ownersTask: Readonly<Record<string, string>> = {
  '42501': 'has not allowed uploads into it: let them run sql/sources/grants_uploads.sql',
  // ops.take_leads
  '55000':
    'has given rows ids that its sequence does not know of: let them run select setval(pg_get_serial_sequence(...), max(id))',
};

async function complete(
  sql: Sql,
  { uploadId, dataset, channel, by, fileName, jobRunId }: UploadRequest,
  of: {
    readonly columns: readonly string[];
    readonly bytes: number;
    readonly sha256: string;
    readonly rejectedRows: number;
    readonly dryRun: boolean;
  },
): Promise<Upload> {
  try {
    const [row] = await sql(upload)`
      select upload_id, dataset, channel, uploaded_by, uploaded_at, file_name, bytes, sha256, total_rows, inserted, ignored,
             different, rejected, first_date, last_date
      from ops.take_upload(
        ${uploadId}::uuid, ${dataset}, ${channel}, ${by}, ${fileName}, ${of.bytes}::bigint, ${of.sha256},
        ${of.columns}::text[], ${of.rejectedRows}::bigint, ${jobRunId ?? null}::uuid, ${of.dryRun})`;
    if (row === undefined) throw new Error('ops.take_upload returned nothing');
    return row;
  } catch (error) {
    if (!(error instanceof CuadreError)) throw error;
    const owner = ownersTask[error.code];
    if (owner === undefined) throw error;
    throw new ConflictError(`the owner of the ${dataset} table ${owner}`, {
      code: 'UPLOADS_NOT_ALLOWED',
      cause: error,
    });
  }
}

/** By line. The values are those that were just read. */
async function firstProblems(
  sql: Sql,
  uploadId: string,
  read: readonly Reject[],
): Promise<Pick<Taken, 'errors' | 'differences'>> {
  const first = (verdicts: readonly Verdict[]) => sql(listed)`
    select line, field, rule from ops.upload_rejects
    where upload_id = ${uploadId}::uuid and verdict = any (${verdicts}::text[])
    order by line, field nulls first, rule limit ${SHOWN}`;
  const errors = await first(['rejected', 'contradicted']);
  return {
    errors: errors.map((error) => read.find((each) => isSame(each, error)) ?? error),
    differences: await first(['different']),
  };
}

function isSame(a: Reject, b: Reject): boolean {
  return a.line === b.line && a.field === b.field && a.rule === b.rule;
}

export const newUploadId = randomUUID;
