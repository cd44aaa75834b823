import * as z from 'zod';
import { cabinetUploads } from '../../cabinet/pipeline.ts';
import { keyOf, requestedUpload } from '../../cabinet/uploads/requests.ts';
import { ConflictError } from '../../core/errors.ts';
import { fileStore } from '../../core/file-store.ts';
import { done, type Endpoint, endpoint, noParameters } from '../../core/http.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import { startJob } from '../../core/start.ts';
import { callerOf } from '../caller.ts';
import { findJob } from '../catalog.ts';
import { sendDue, sendingShape } from '../sending.ts';

const answer = z.strictObject({
  upload_id: z.guid(),
  run_id: z.guid(),
  /** False when the same upload was being taken in already. */
  created: z.boolean(),
  location: z.string(),
  ...sendingShape,
});

/** POST /api/v1/uploads/{upload_id}/process: starts the job that takes the file in, once per upload; 202 with its run. */
export function processUploadEndpoint(store: () => ObjectStore = fileStore): Endpoint {
  return endpoint({
    method: 'POST',
    route: '/api/v1/uploads/{upload_id}/process',
    summary: 'Take in a file that was uploaded by a link',
    query: noParameters,
    path: z.strictObject({ upload_id: z.guid().describe('As the upload answered it.') }),
    status: 202,
    answer,
    problems: { 404: ['UNKNOWN_UPLOAD'], 409: ['UPLOAD_NOT_THERE', 'IDEMPOTENCY_KEY_REUSED', 'RUN_ACTIVE'] },
    async run({ event, path: { upload_id }, environment, log }) {
      const { sql } = environment.control;
      const { dataset } = await requestedUpload(sql, upload_id);
      if ((await store().find(keyOf(dataset, upload_id))) === undefined) {
        throw new ConflictError(
          `the file of upload ${upload_id} is not there: send it by the link, then ask again`,
          {
            code: 'UPLOAD_NOT_THERE',
          },
        );
      }
      const now = new Date();
      const caller = callerOf(event);
      const { job } = findJob('cabinet.upload-take');
      const run = await startJob(
        sql,
        cabinetUploads,
        job,
        job.request({ uploadId: upload_id, dryRun: false }),
        {
          kind: 'api',
          key: `take upload ${upload_id}`,
          detail: { uploadId: upload_id, caller },
          due: now,
          now,
        },
        { inline: false, codeVersion: environment.codeVersion, dryRunByDefault: false },
      );
      const { sent, ...sending } = await sendDue(environment, log, { runs: [run.runId] });
      log.info('upload being taken in', {
        uploadId: upload_id,
        runId: run.runId,
        sent,
        unsent: sending.unsent,
      });
      const location = `/api/v1/runs/${run.runId}`;
      return done(
        202,
        {
          upload_id,
          run_id: run.runId,
          created: run.created,
          location,
          ...sending,
        } satisfies z.output<typeof answer>,
        { location },
      );
    },
  });
}
