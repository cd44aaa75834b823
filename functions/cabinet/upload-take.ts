import * as z from 'zod';
import { ConflictError, InputError } from '../core/errors.ts';
import { type JobFigures, measured } from '../core/figures.ts';
import { fileStore } from '../core/file-store.ts';
import { type Job, job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { cabinetUploads } from './pipeline.ts';
import { type DatasetName, datasets } from './uploads/datasets.ts';
import { readUpload } from './uploads/read-upload.ts';
import { keyOf, requestedUpload } from './uploads/requests.ts';
import { shapeOf } from './uploads/shape.ts';
import { takeUploadWith } from './uploads/take-upload.ts';

export const input = z.strictObject({
  /** What POST .../upload-csv/presigned answered. */
  uploadId: z.guid(),
});

/**
 * Takes in a file that was too large for a request. The report says where rows are wrong and never what they say: the ledger
 * keeps no names. docs/cabinet-ingestion.md.
 */
export function uploadTakeJob(store: () => ObjectStore): Job {
  return job({
    name: 'cabinet.upload-take',
    input,
    async run({ input: { uploadId }, dryRun, sql, jobRunId }) {
      const { dataset, requested_by, file_name, taken } = await requestedUpload(sql, uploadId);
      if (taken) throw new ConflictError(`upload ${uploadId} was taken in already`, { code: 'UPLOAD_TAKEN' });
      const { body } = await store().get(keyOf(dataset, uploadId));
      if (dryRun) {
        const read = await count(body, dataset).catch(withoutValues);
        return { report: { upload_id: uploadId, dataset, ...read }, findings: read.rejected };
      }
      const { upload, errors, differences } = await takeUploadWith(
        sql,
        {
          uploadId,
          dataset,
          channel: 'presigned',
          by: requested_by,
          fileName: file_name,
          jobRunId,
          bytes: () => body,
        },
        false,
      ).catch(withoutValues);
      const { total_rows, inserted, ignored, different, rejected, first_date, last_date, sha256, bytes } =
        upload;
      return {
        report: {
          upload_id: uploadId,
          dataset,
          file_name,
          bytes,
          sha256,
          total_rows,
          inserted,
          ignored,
          different,
          rejected,
          first_date,
          last_date,
          errors: errors.map(({ line, field, rule }) => ({ line, field, rule })),
          differences: differences.map(({ line, field, rule }) => ({ line, field, rule })),
        },
        findings: rejected + different,
      };
    },
  });
}

async function count(bytes: AsyncIterable<Uint8Array>, dataset: DatasetName) {
  const read = { total_rows: 0, good: 0, rejected: 0 };
  for await (const { rows, rejectedRows } of readUpload(bytes, datasets[dataset])) {
    read.total_rows += rows.length + rejectedRows;
    read.good += rows.length;
    read.rejected += rejectedRows;
  }
  return read;
}

/** The ledger keeps a run's error, and what stands where a header should be may be somebody's name. */
function withoutValues(error: unknown): never {
  if (!(error instanceof InputError)) throw error;
  throw new InputError(
    error.problems.map(({ value, ...rest }) => ({
      ...rest,
      value: typeof value === 'string' ? shapeOf(value) : undefined,
    })),
  );
}

export const uploadTake = /* @__PURE__ */ uploadTakeJob(fileStore);

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/upload-take.ts',
  objects: ['ops.take_upload'],
  figures: {
    good: measured('rows of the file that would be taken', 'ops.upload_requests'),
    errors: measured('what is wrong with the file’s lines', 'ops.upload_rejects'),
    differences: measured('lines whose key is there with other content', 'ops.upload_rejects'),
    '*': (column) => ({ from: 'rows', relation: 'ops.uploads', where: {}, column }),
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetUploads, uploadTake);
