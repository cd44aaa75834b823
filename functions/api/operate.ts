import { alertsAcknowledge } from './alerts-acknowledge.ts';
import { router } from './router.ts';
import { runsStart } from './runs-start.ts';
import { presignedUploads } from './uploads/presigned.ts';
import { processUploadEndpoint } from './uploads/process-upload.ts';
import { uploadsCsv } from './uploads/upload-csv.ts';

/** The operator's calls: those that change something. */
export const operations = [
  runsStart,
  alertsAcknowledge,
  ...uploadsCsv,
  ...presignedUploads(),
  processUploadEndpoint(),
];

export const handler = router('api operate', operations);
