import { cabinetUploads } from '../../../functions/cabinet/pipeline.ts';
import { uploadTakeJob } from '../../../functions/cabinet/upload-take.ts';
import type { DatasetName } from '../../../functions/cabinet/uploads/datasets.ts';
import { keyOf } from '../../../functions/cabinet/uploads/requests.ts';
import { AS_OF } from '../random-dataset.ts';
import { table } from '../uploads.ts';
import { askedUpload } from './asked-upload.ts';
import type { Setting } from './stopped-nights.ts';
import { storeOf } from './stored.ts';

/** Good rows, one of them twice, and a bad one. */
const files: Readonly<Record<DatasetName, string>> = {
  leads: table('external_id,lead_created_at,first_name', [
    ['a', '2026-01-05', 'Ana'],
    [null, '2026-01-06', 'Eva'],
    [null, '2026-01-06', 'Eva'],
    ['b', 'yesterday', 'Bea'],
    ['c', '2026-01-07', 'Zoé'],
  ]),
  trips: table('driver_id,date_file,count_orders_completed,created_at', [
    ['d1', '05-01-2026', '3', '2026-01-06'],
    ['d1', '05-01-2026', '3', '2026-01-06'],
    ['d2', '05-01-2026', 'many', '2026-01-06'],
    ['d2', '06-01-2026', '7', '2026-01-07'],
  ]),
  payments: table('id,date,time,scout_id,driver,trip_1,trip_5,trip_25', [
    ['1', '2026-01-05', '14:21:56', '7', 'Ana Paz', 'true', 'false', null],
    ['1', '2026-01-05', '14:21:56', '7', 'Ana Paz', 'true', 'false', null],
    ['two', '2026-01-05', null, null, null, null, null, null],
    ['3', null, null, null, 'Eva', 'y', null, null],
  ]),
};

const uploadId = '00000000-0000-4000-8000-00000000feed';

/** A file that was uploaded by a link is taken in, as POST /api/v1/uploads/{upload_id}/process asks for it. */
export function uploadNight(dataset: DatasetName): Setting {
  const store = storeOf(new Map([[keyOf(dataset, uploadId), files[dataset]]]));
  return {
    pipeline: cabinetUploads,
    asOf: AS_OF,
    async load(admin) {
      await admin.sql`select ops.request_upload(${uploadId}::uuid, ${dataset}, 'ana', 'file.csv', ${files[dataset].length}::bigint)`;
    },
    jobs: (process) => [uploadTakeJob(() => process.store(store))],
    begin: {
      name: 'api',
      run: (invocation, queues, process) =>
        askedUpload(uploadId, AS_OF, new Date(), queues)(process, invocation),
    },
  };
}
