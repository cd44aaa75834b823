import { cabinetUploads } from '../../../functions/cabinet/pipeline.ts';
import { uploadTake } from '../../../functions/cabinet/upload-take.ts';
import { sendOutbox } from '../../../functions/core/outbox.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import { startJob } from '../../../functions/core/start.ts';
import type { Work } from './invoked.ts';

/** What POST /api/v1/uploads/{upload_id}/process does: who was not answered asks again, and it is the same run. */
export function askedUpload(uploadId: string, asOf: string, now: Date, queues: Queues): Work {
  return async (process, { environment: { control, codeVersion } }) => {
    const run = await startJob(
      control.sql,
      cabinetUploads,
      uploadTake,
      uploadTake.request({ uploadId, dryRun: false, asOf }),
      { kind: 'api', key: `take upload ${uploadId}`, detail: { uploadId }, due: now, now },
      { inline: false, codeVersion, dryRunByDefault: false },
    );
    await sendOutbox(control, process.queues(queues), run.runId);
  };
}
