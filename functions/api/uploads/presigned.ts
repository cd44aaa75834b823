import * as z from 'zod';
import { type DatasetName, datasetNames } from '../../cabinet/uploads/datasets.ts';
import { keyOf } from '../../cabinet/uploads/requests.ts';
import { newUploadId } from '../../cabinet/uploads/take-upload.ts';
import { fileStore } from '../../core/file-store.ts';
import { done, type Endpoint, endpoint, noParameters } from '../../core/http.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import { callerOf } from '../caller.ts';
import { CSV_NAME, FILE_NAME } from './body.ts';

/** One transaction takes it in within the job's ten minutes; docs/cabinet-ingestion.md has what was measured. */
const MOST_BYTES = 536_870_912;

const LINK_SECONDS = 900;

const body = z
  .strictObject({
    file_name: z.string().max(200, FILE_NAME).regex(CSV_NAME, FILE_NAME),
    bytes: z.int().min(1).max(MOST_BYTES).describe('The file’s size: the link is for exactly so many.'),
  })
  .meta({ examples: [{ file_name: 'leads-2026-01.csv', bytes: 104_857_600 }] });

const answer = z.strictObject({
  upload_id: z.guid(),
  /** Send the file there with these headers, all of it in one request, before the link expires. */
  method: z.literal('PUT'),
  url: z.url(),
  headers: z.strictObject({ 'content-type': z.string(), 'content-length': z.string() }),
  expires_at: z.iso.datetime(),
  /** To be called (POST) when the file is there. */
  process: z.string(),
});

function presignedUpload(dataset: DatasetName, store: () => ObjectStore): Endpoint {
  return endpoint({
    method: 'POST',
    route: `/api/v1/cabinet-${dataset}/upload-csv/presigned`,
    summary: `Ask for a link to upload a large CSV file of ${dataset} by`,
    query: noParameters,
    path: noParameters,
    body,
    answer,
    async run({ event, body: { file_name, bytes }, environment, log }) {
      const uploadId = newUploadId();
      const by = callerOf(event);
      const now = Date.now();
      const { method, url, headers } = store().presignPut(keyOf(dataset, uploadId), {
        contentType: 'text/csv',
        contentLength: bytes,
        expiresSeconds: LINK_SECONDS,
      });
      await environment.control
        .sql`select ops.request_upload(${uploadId}::uuid, ${dataset}, ${by}, ${file_name}, ${bytes}::bigint)`;
      log.info('upload link given out', { uploadId, dataset, bytes, by });
      return done(200, {
        upload_id: uploadId,
        method,
        url,
        headers,
        expires_at: new Date(now + LINK_SECONDS * 1000).toISOString(),
        process: `/api/v1/uploads/${uploadId}/process`,
      } satisfies z.output<typeof answer>);
    },
  });
}

export function presignedUploads(store: () => ObjectStore = fileStore): Endpoint[] {
  return datasetNames.map((dataset) => presignedUpload(dataset, store));
}
