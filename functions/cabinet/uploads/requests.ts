import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { NotFoundError } from '../../core/errors.ts';
import { type DatasetName, datasetNames } from './datasets.ts';

const request = z.strictObject({
  dataset: z.enum(datasetNames),
  requested_by: z.string(),
  file_name: z.string().nullable(),
  bytes: z.string().transform(Number),
  taken: z.boolean(),
});
export type RequestedUpload = z.output<typeof request>;

/** Where the file of an upload is in the bucket. */
export function keyOf(dataset: DatasetName, uploadId: string): string {
  return `uploads/${dataset}/${uploadId}.csv`;
}

/** @throws NotFoundError when no link was given out for it */
export async function requestedUpload(sql: Sql, uploadId: string): Promise<RequestedUpload> {
  const [found] = await sql(request)`
    select dataset, requested_by, file_name, bytes, exists (select from ops.uploads u where u.upload_id = r.upload_id) as taken
    from ops.upload_requests r where upload_id = ${uploadId}::uuid`;
  if (found !== undefined) return found;
  throw new NotFoundError(`there is no upload ${uploadId}`, { code: 'UNKNOWN_UPLOAD' });
}
