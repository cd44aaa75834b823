import type { Upload } from '../../cabinet/uploads/take-upload.ts';
import { ConflictError } from '../../core/errors.ts';
import type { Environment } from '../../core/services.ts';
import { startJob } from '../../core/start.ts';
import { findJob } from '../catalog.ts';
import { sendDue } from '../sending.ts';
import type { Processing } from './answer.ts';

/** The job that reads what such a file brings. */
const READER = {
  leads: 'cabinet.leads-reconcile',
  trips: 'cabinet.trips-load',
  payments: 'cabinet.payments-ingest',
} as const;

/**
 * Starts the dataset's job as POST /api/v1/runs does, once per upload. The upload is in already: where a run of today is under
 * way, that is said, and the night's run will read what came in.
 */
export async function processUpload(
  environment: Environment,
  upload: Pick<Upload, 'upload_id' | 'dataset'>,
  caller: string,
): Promise<Processing> {
  const { job, pipeline } = findJob(READER[upload.dataset]);
  const now = new Date();
  try {
    const run = await startJob(
      environment.control.sql,
      pipeline,
      job,
      job.request({ dryRun: false }),
      {
        kind: 'api',
        key: `upload ${upload.upload_id}`,
        detail: { uploadId: upload.upload_id, caller },
        due: now,
        now,
      },
      { inline: false, codeVersion: environment.codeVersion, dryRunByDefault: false },
    );
    const { sent: _, ...sending } = await sendDue(environment, environment.log, { runs: [run.runId] });
    return { asked: true, run, sending };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return { asked: true, refused: { code: error.code, detail: error.message } };
  }
}
