import { router } from './router.ts';
import { presignedUploads } from './uploads/presigned.ts';
import { processUploadEndpoint } from './uploads/process-upload.ts';
import { uploadsCsv } from './uploads/upload-csv.ts';

/** The operator's calls that hand files in. */
export const uploads = [...uploadsCsv, ...presignedUploads(), processUploadEndpoint()];

export const handler = router('api uploads', uploads);
