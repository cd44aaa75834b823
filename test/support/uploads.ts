import type { DatasetName } from '../../functions/cabinet/uploads/datasets.ts';
import { piecesOf } from '../../functions/cabinet/uploads/pieces.ts';
import {
  newUploadId,
  type Taken,
  takeUpload,
  type UploadRequest,
} from '../../functions/cabinet/uploads/take-upload.ts';
import { csvHeader, csvLine } from '../../functions/core/csv.ts';
import type { Database } from '../../functions/core/database.ts';
import { ask } from '../sql/cabinet/relation.ts';
import type { TestDatabase } from './database.ts';

/** Written by the writer of the exports, BOM and CRLF included. */
export function table(header: string, rows: readonly (readonly (string | null)[])[]): string {
  const columns = header.split(',').map((name) => ({ header: name }));
  return (
    csvHeader(columns).toString('utf8') +
    rows.map((row) => csvLine(columns.map((_, index) => row[index] ?? null))).join('')
  );
}

export function request(
  dataset: DatasetName,
  file: string | Uint8Array,
  more: Partial<UploadRequest> = {},
): UploadRequest {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  return {
    uploadId: newUploadId(),
    dataset,
    channel: 'api',
    by: 'ana',
    fileName: 'file.csv',
    bytes: () => piecesOf(bytes),
    ...more,
  };
}

export function take(
  database: Database,
  dataset: DatasetName,
  file: string | Uint8Array,
  dryRun = false,
): Promise<Taken> {
  return takeUpload(database, request(dataset, file), { dryRun });
}

export interface Counts {
  readonly inserted?: number;
  readonly ignored?: number;
  readonly different?: number;
  readonly rejected?: number;
}

/** What became of the rows; what is left out is 0. */
export function counts({ upload }: Taken): Counts {
  const { inserted, ignored, different, rejected } = upload;
  const all = { inserted, ignored, different, rejected };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

export const leadsOf = (database: TestDatabase) =>
  ask(
    database.admin,
    `select concat_ws('|', coalesce(external_id, '-'), to_char(lead_created_at, 'YYYY-MM-DD HH24:MI:SS.US'), first_name, park_phone, status, active_1)
     from public.module_ct_cabinet_leads order by 1`,
  );
