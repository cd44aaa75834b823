import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { presignedUploads } from '../../functions/api/uploads/presigned.ts';
import { processUploadEndpoint } from '../../functions/api/uploads/process-upload.ts';
import { uploadsShow } from '../../functions/api/uploads-show.ts';
import { uploadTakeJob } from '../../functions/cabinet/upload-take.ts';
import { RetryableError } from '../../functions/core/errors.ts';
import type { Environment } from '../../functions/core/services.ts';
import { ask } from '../sql/cabinet/relation.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { testObjects } from '../support/objects.ts';
import { testQueues } from '../support/queues.ts';
import { runJob } from '../support/run-job.ts';
import { leadsOf, table } from '../support/uploads.ts';

const database = testDatabase();
const objects = testObjects();
const store = () => objects().store;
const sqs = testQueues(['cabinet.upload-take', 'cabinet.sweep']);
let operator: Environment;
let reader: Environment;

const link = z.object({
  upload_id: z.uuid(),
  url: z.url(),
  headers: z.record(z.string(), z.string()),
  expires_at: z.iso.datetime(),
});
const [leadsLink] = presignedUploads(store);
const processing = processUploadEndpoint(store);
const take = uploadTakeJob(store);

beforeAll(() => {
  // The client of the module under test takes its region and credentials from the environment, as on Lambda.
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  operator = environmentOf(database, 'cuadre_operator', sqs.urls);
  reader = environmentOf(database, 'cuadre_reader');
});
beforeEach(() => database.admin.script('truncate public.module_ct_cabinet_leads restart identity'));

function requestLink(body: unknown, endpoint = leadsLink) {
  if (endpoint === undefined) throw new Error('there are three endpoints');
  return call(endpoint, operator, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
}

/** A link for the file, the file sent by it, and the upload's id. */
async function sent(file: string): Promise<string> {
  const { status, body } = await requestLink({ file_name: 'leads.csv', bytes: Buffer.byteLength(file) });
  expect(status).toBe(200);
  const { upload_id, url, headers } = link.parse(body);
  const response = await fetch(url, { method: 'PUT', headers, body: file });
  expect(response.status).toBe(200);
  return upload_id;
}

const startProcessing = (uploadId: string, body?: string) =>
  call(processing, operator, { path: { upload_id: uploadId }, ...(body === undefined ? {} : { body }) });
const show = (uploadId: string, query: Record<string, string> = {}) =>
  call(uploadsShow, reader, { path: { upload_id: uploadId }, query });

const file = table('external_id,lead_created_at,first_name', [
  ['a', '2026-01-05', 'Ángel'],
  ['b', 'mañana', 'Ana'],
  ['c', '2026-01-06', 'Eva'],
  ['c', '2026-01-07', 'Eva'],
]);

describe('a file by a link', () => {
  test('is taken in by a job, once, and every line that was not taken can be read', async () => {
    const uploadId = await sent(file);
    const first = await startProcessing(uploadId);
    expect([first.status, first.body]).toEqual([
      202,
      {
        upload_id: uploadId,
        run_id: expect.any(String),
        created: true,
        location: expect.stringMatching(/^\/api\/v1\/runs\//),
        unsent: 0,
        warning: null,
      },
    ]);
    expect(sqs.waiting('cabinet.upload-take')).toHaveLength(1);
    const again = await startProcessing(uploadId);
    expect(again.body).toMatchObject({ created: false });
    expect(sqs.waiting('cabinet.upload-take')).toHaveLength(1);
    expect(
      await ask(database.admin, "select pipeline, trigger_kind from ops.runs where status = 'running'"),
    ).toEqual(['cabinet-uploads | api']);
    await database.admin.sql`select ops.close_abandoned_run(run_id) from ops.runs`;

    const ran = await runJob(database, take, { uploadId });
    expect(ran).toMatchObject({
      status: 'succeeded',
      findings: 3,
      report: {
        upload_id: uploadId,
        dataset: 'leads',
        file_name: 'leads.csv',
        total_rows: 4,
        inserted: 1,
        rejected: 3,
        errors: [
          { line: 3, field: 'lead_created_at' },
          { line: 4, field: 'external_id' },
          { line: 5, field: 'external_id' },
        ],
      },
    });
    expect(JSON.stringify(ran)).not.toMatch(/mañana|Ángel|Eva/);
    expect(await leadsOf(database)).toEqual(['a|2026-01-05 00:00:00.000000|Ángel']);

    const { body } = await show(uploadId, { limit: '2' });
    const page = body;
    expect(page).toMatchObject({
      upload: {
        upload_id: uploadId,
        channel: 'presigned',
        inserted: 1,
        rejected: 3,
        job_run_id: ran.job_run_id,
      },
      meta: { limit: 2, returned: 2, next_cursor: expect.any(String) },
      data: [
        { line: 3, verdict: 'rejected', shape: 'aaaaaa' },
        { line: 4, verdict: 'contradicted', shape: null },
      ],
    });
    const { next_cursor } = z.object({ meta: z.object({ next_cursor: z.string() }) }).parse(body).meta;
    expect((await show(uploadId, { limit: '2', cursor: next_cursor })).body).toMatchObject({
      meta: { returned: 1, next_cursor: null },
      data: [{ line: 5 }],
    });
  });

  test('that is there is answered with its run when SQS does not take the message; asked again, it is sent', async () => {
    await database.admin
      .sql`select ops.cancel_run(run_id, 'ana', 'not of this test') from ops.runs where status = 'running'`;
    const uploadId = await sent(file);
    const waiting = sqs.waiting('cabinet.upload-take').length;
    const deaf = environmentOf(database, 'cuadre_operator', {});
    const first = await call(processing, deaf, { path: { upload_id: uploadId } });
    const { run_id } = z.looseObject({ run_id: z.uuid() }).parse(first.body);
    expect([first.status, first.body]).toEqual([
      202,
      expect.objectContaining({
        created: true,
        unsent: 2,
        warning: expect.stringContaining('npm run ops -- sweep --go'),
      }),
    ]);
    expect((await startProcessing(uploadId)).body).toMatchObject({
      run_id,
      created: false,
      unsent: 0,
      warning: null,
    });
    expect(sqs.waiting('cabinet.upload-take')).toHaveLength(waiting + 1);
  });

  test('of a dry run is read and changes nothing', async () => {
    const uploadId = await sent(file);
    const { report, findings } = await runJob(database, take, { uploadId, dryRun: true });
    expect([report, findings]).toEqual([
      { upload_id: uploadId, dataset: 'leads', total_rows: 4, good: 3, rejected: 1 },
      1,
    ]);
    expect([await leadsOf(database), (await show(uploadId)).status]).toEqual([[], 404]);
  });

  test('that was taken in is not taken again', async () => {
    const uploadId = await sent(file);
    await runJob(database, take, { uploadId });
    expect(await runJob(database, take, { uploadId })).toMatchObject({
      status: 'failed',
      error: { code: 'UPLOAD_TAKEN' },
    });
  });

  test('that is none of its kind fails the job, writes nothing, and leaves no name in the ledger', async () => {
    const uploadId = await sent('Juana Quispe,977130991\n');
    const ran = await runJob(database, take, { uploadId });
    expect(ran).toMatchObject({
      status: 'failed',
      error: {
        code: 'INVALID_INPUT',
        problems: expect.arrayContaining([
          expect.objectContaining({ field: 'file.header.external_id' }),
          expect.objectContaining({ field: 'file.header', value: 'Aaaaa Aaaaaa' }),
        ]),
      },
    });
    expect(
      await ask(database.admin, "select count(*) from ops.job_runs where error::text ~ 'Juana|977130991'"),
    ).toEqual(['0']);
    expect((await show(uploadId)).status).toBe(404);
  });

  test('that ends early, as a connection may, is tried again', async () => {
    const uploadId = await sent(
      table(
        'external_id,lead_created_at',
        Array.from({ length: 200 }, (_, row) => [`x${row}`, '2026-01-05']),
      ),
    );
    const cut = uploadTakeJob(() => ({
      ...store(),
      get: async (key) => {
        const object = await store().get(key);
        return {
          ...object,
          body: (async function* () {
            for await (const chunk of object.body) {
              yield chunk.subarray(0, 100);
              throw new RetryableError('the object ended early', { code: 'OBJECT_CUT_OFF' });
            }
          })(),
        };
      },
    }));
    expect(await runJob(database, cut, { uploadId })).toMatchObject({
      status: 'failed',
      error: { code: 'OBJECT_CUT_OFF', kind: 'retryable' },
    });
    expect(await leadsOf(database)).toEqual([]);
    expect(await runJob(database, take, { uploadId })).toMatchObject({
      status: 'succeeded',
      report: { inserted: 200 },
    });
  });

  test('of another size or type is refused by the store', async () => {
    const { url, headers } = link.parse((await requestLink({ file_name: 'a.csv', bytes: 10 })).body);
    expect(
      (
        await fetch(url, {
          method: 'PUT',
          headers: { 'content-type': headers['content-type'] ?? '' },
          body: 'x'.repeat(11),
        })
      ).status,
    ).toBe(403);
    expect(
      (await fetch(url, { method: 'PUT', headers: { 'content-type': 'text/html' }, body: 'x'.repeat(10) }))
        .status,
    ).toBe(403);
  });

  test('is asked for before it is there: that is said', async () => {
    const { upload_id } = link.parse((await requestLink({ file_name: 'a.csv', bytes: 10 })).body);
    expect(await startProcessing(upload_id)).toMatchObject({
      status: 409,
      body: { code: 'UPLOAD_NOT_THERE' },
    });
  });

  test('that nobody asked for is not there', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(await startProcessing(nobody)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_UPLOAD' } });
    expect(await show(nobody)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_UPLOAD' } });
  });

  test.each<[unknown, string]>([
    [{}, 'body.file_name'],
    [{ file_name: 'a.csv' }, 'body.bytes'],
    [{ file_name: 'a.csv', bytes: 0 }, 'body.bytes'],
    [{ file_name: 'a.csv', bytes: 1.5 }, 'body.bytes'],
    [{ file_name: 'a.csv', bytes: 536_870_913 }, 'body.bytes'],
    [{ file_name: 'a.exe', bytes: 1 }, 'body.file_name'],
    [{ file_name: 'a.csv', bytes: 1, key: '../x' }, 'body.key'],
    [[], 'body'],
  ])('is not given a link for %j', async (body, field) => {
    expect(await requestLink(body)).toMatchObject({
      status: 400,
      body: { problems: expect.arrayContaining([expect.objectContaining({ field })]) },
    });
  });

  test.each([
    ['{"x": 1}', 'body'],
    ['x', 'body'],
  ])('is not processed with a body %s', async (body, field) => {
    expect(await startProcessing('00000000-0000-4000-8000-000000000000', body)).toMatchObject({
      status: 400,
      body: { problems: [{ field }] },
    });
  });
});
