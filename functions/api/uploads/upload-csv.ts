import * as z from 'zod';
import { type DatasetName, datasetNames } from '../../cabinet/uploads/datasets.ts';
import { piecesOf } from '../../cabinet/uploads/pieces.ts';
import { newUploadId, takeUpload } from '../../cabinet/uploads/take-upload.ts';
import { done, type Endpoint, endpoint, flag, noParameters } from '../../core/http.ts';
import { callerOf } from '../caller.ts';
import { answerOf, uploadAnswer } from './answer.ts';
import { CSV_NAME, FILE_NAME, sentFile } from './body.ts';
import { processUpload } from './process.ts';

const query = z.strictObject({
  auto_process: flag().default(false).describe('Start the job that reads what came in.'),
  dry_run: flag().default(false).describe('Say what would become of the rows, and change nothing.'),
  file_name: z
    .string()
    .max(200, FILE_NAME)
    .regex(CSV_NAME, FILE_NAME)
    .optional()
    .describe('Of a text/csv body, for the record.'),
});

/** POST /api/v1/cabinet-<dataset>/upload-csv: takes a file in, all of it but its rejected rows, or nothing. */
function uploadCsv(dataset: DatasetName): Endpoint {
  return endpoint({
    method: 'POST',
    route: `/api/v1/cabinet-${dataset}/upload-csv`,
    summary: `Hand in a CSV file of ${dataset}`,
    query,
    path: noParameters,
    files: ['text/csv', 'multipart/form-data'],
    answer: uploadAnswer,
    problems: { 409: ['UPLOADS_NOT_ALLOWED'], 413: ['UPLOAD_TOO_LARGE'] },
    async run({ event, query: { auto_process, dry_run, file_name }, environment, log }) {
      const file = await sentFile(event, file_name);
      const by = callerOf(event);
      const taken = await takeUpload(
        environment.control,
        {
          uploadId: newUploadId(),
          dataset,
          channel: 'api',
          by,
          fileName: file.name,
          bytes: () => piecesOf(file.bytes),
        },
        { dryRun: dry_run },
      );
      const { upload } = taken;
      log.info('upload taken', { ...upload, dryRun: dry_run });
      const processing =
        auto_process && !dry_run ? await processUpload(environment, upload, by) : ({ asked: false } as const);
      return done(200, answerOf(taken, dry_run, processing));
    },
  });
}

export const uploadsCsv = datasetNames.map(uploadCsv);
