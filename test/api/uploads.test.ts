import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { leadsDiagnostics } from '../../functions/api/leads-diagnostics.ts';
import { uploadAnswer } from '../../functions/api/uploads/answer.ts';
import { DIRECT_BYTES } from '../../functions/api/uploads/body.ts';
import { uploadsCsv } from '../../functions/api/uploads/upload-csv.ts';
import type { Environment } from '../../functions/core/services.ts';
import { ask } from '../sql/cabinet/relation.ts';
import { testDatabase } from '../support/database.ts';
import { type Answer, call, environmentOf } from '../support/http.ts';
import { leadsOf, table } from '../support/uploads.ts';

const database = testDatabase();
let operator: Environment;
const [leadsCsv, tripsCsv, paymentsCsv] = uploadsCsv;
const header = 'external_id,lead_created_at,first_name';
const csv = table(header, [
  ['a', '2026-01-05', 'Ángel'],
  ['b', 'tomorrow', 'Ana'],
]);

beforeAll(() => {
  operator = environmentOf(database, 'cuadre_operator');
});
beforeEach(() => database.admin.script('truncate public.module_ct_cabinet_leads restart identity'));

function send(
  body: string | Uint8Array,
  {
    query = {},
    type = 'text/csv',
    endpoint = leadsCsv,
  }: { query?: Record<string, string>; type?: string; endpoint?: typeof leadsCsv | undefined } = {},
): Promise<Answer> {
  if (endpoint === undefined) throw new Error('there are three endpoints');
  return call(endpoint, operator, { body, query, headers: { 'content-type': type } });
}

async function form(parts: Record<string, string | File>): Promise<{ body: Uint8Array; type: string }> {
  const data = new FormData();
  for (const [name, part] of Object.entries(parts)) data.append(name, part);
  const response = new Response(data);
  return { body: await response.bytes(), type: response.headers.get('content-type') ?? '' };
}
const sendForm = async (parts: Record<string, string | File>) => {
  const { body, type } = await form(parts);
  return send(body, { type });
};

describe('POST /api/v1/cabinet-leads/upload-csv', () => {
  test('answers what became of the rows, and shows the bad ones to who sent them', async () => {
    const { status, headers, body } = await send(csv, { query: { file_name: 'leads.csv' } });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(uploadAnswer.parse(body)).toEqual({
      upload_id: expect.any(String),
      dataset: 'leads',
      status: 'partial',
      message: '2 rows: 1 inserted, 0 there already, 0 there with other content, 1 rejected',
      dry_run: false,
      file: { name: 'leads.csv', bytes: Buffer.byteLength(csv), sha256: expect.any(String) },
      stats: {
        total_rows: 2,
        total_inserted: 1,
        total_ignored: 0,
        total_different: 0,
        total_rejected: 1,
        first_date: '2026-01-05',
        last_date: '2026-01-05',
      },
      errors: [
        {
          line: 3,
          field: 'lead_created_at',
          value: 'tomorrow',
          rule: expect.stringContaining('must be a date'),
        },
      ],
      differences: [],
      auto_process: false,
      run_id: null,
      run_refused: null,
      unsent: 0,
      warning: null,
    });
    expect(await leadsOf(database)).toEqual(['a|2026-01-05 00:00:00.000000|Ángel']);
  });

  test('takes the same file as a form’s part, to the byte', async () => {
    const sent = z.object({ file: z.object({ sha256: z.string() }) });
    const direct = sent.parse((await send(csv, { query: { dry_run: 'true' } })).body);
    const { status, body } = await sendForm({ file: new File([csv], 'leads.CSV') });
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ file: expect.objectContaining(direct.file) }),
    ]);
  });

  test('of a dry run changes nothing', async () => {
    const { body } = await send(csv, { query: { dry_run: 'true', auto_process: 'true' } });
    expect(body).toMatchObject({
      dry_run: true,
      run_id: null,
      stats: { total_inserted: 1, total_rejected: 1 },
    });
    expect(await leadsOf(database)).toEqual([]);
  });

  test.each<[string, string | Uint8Array, string, RegExp]>([
    ['an empty file', '', 'file.header', /is missing: the file is empty/],
    [
      'a file without header',
      'a,2026-01-05\n',
      'file.header.external_id',
      /is a column that a leads file must have/,
    ],
    [
      'a column that leads do not have',
      'external_id,lead_created_at,id\n',
      'file.header',
      /is not a column of a leads file/,
    ],
    [
      'a column twice',
      'external_id,lead_created_at,external_id\n',
      'file.header.external_id',
      /must be there once/,
    ],
    [
      'Latin-1',
      Buffer.from('external_id,lead_created_at,first_name\na,2026-01-05,Ángel\n', 'latin1'),
      'file.line 2.first_name',
      /must be UTF-8/,
    ],
    [
      'Latin-1 that a gateway has made text of',
      'external_id,lead_created_at,first_name\na,2026-01-05,\uFFFDngel\n',
      'file.line 2.first_name',
      /U\+FFFD/,
    ],
    ['UTF-16', Buffer.from('\uFEFFexternal_id,lead_created_at\n', 'utf16le'), 'file.line 1', /must be UTF-8/],
    ['a NUL', 'external_id,lead_created_at\na\0,2026-01-05\n', 'file.line 2.external_id', /NUL/],
    [
      'a quote that nothing closes',
      'external_id,lead_created_at\n"a,2026-01-05\n',
      'file.line 3.external_id',
      /never closed/,
    ],
    ['lines ended by CR alone', 'external_id,lead_created_at\ra,2026-01-05\r', 'file.line 1', /a CR outside/],
    [
      'a row wider than any',
      `external_id,lead_created_at\n${','.repeat(20_000)}\n`,
      'file.line 2',
      /more than 10000 fields/,
    ],
  ])('refuses %s whole, naming the place', async (_what, body, field, rule) => {
    const { status, body: document } = await send(typeof body === 'string' ? body : new Uint8Array(body));
    expect(status).toBe(400);
    expect(document).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ field: expect.stringContaining(field), rule: expect.stringMatching(rule) }),
      ]),
    });
    expect(await ask(database.admin, 'select count(*) from ops.staged_leads')).toEqual(['0']);
  });

  test('takes a header alone, and lines with nothing on them, as no rows', async () => {
    expect((await send(`${header}\r\n\r\n\r\n`)).body).toMatchObject({
      status: 'success',
      stats: { total_rows: 0, first_date: null },
    });
    expect((await send(header)).body).toMatchObject({ stats: { total_rows: 0 } });
  });

  test.each<[string, Parameters<typeof send>[1], string]>([
    ['another content-type', { type: 'application/json' }, 'header.content-type'],
    ['no content-type', { type: '' }, 'header.content-type'],
    ['another charset', { type: 'text/csv; charset=latin1' }, 'header.content-type'],
    ['a cut-off', { query: { skip_already_processed: 'true' } }, 'query.skip_already_processed'],
    ['auto_process yes', { query: { auto_process: 'yes' } }, 'query.auto_process'],
    ['a file name of another kind', { query: { file_name: 'leads.xlsx' } }, 'query.file_name'],
    ['a file name with a path', { query: { file_name: '../leads.csv' } }, 'query.file_name'],
    ['a form that is none', { type: 'multipart/form-data; boundary=x' }, 'body'],
    ['a form without boundary', { type: 'multipart/form-data; ' }, 'body'],
  ])('refuses %s', async (_what, options, field) => {
    const { status, body } = await send(csv, options);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ problems: [expect.objectContaining({ field })] }),
    ]);
  });

  test.each<[string, Record<string, string | File>, string]>([
    ['without parts', {}, 'body'],
    ['with a text instead of a file', { file: csv }, 'body.file'],
    ['whose file has another name', { upload: new File([csv], 'a.csv') }, 'body.upload'],
    ['with something more', { file: new File([csv], 'a.csv'), auto_process: 'true' }, 'body.auto_process'],
    ['whose file is no .csv', { file: new File([csv], 'a.txt') }, 'body.file'],
  ])('refuses a form %s', async (_what, parts, field) => {
    const { status, body } = await sendForm(parts);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        problems: [expect.objectContaining({ field: expect.stringContaining(field) })],
      }),
    ]);
  });

  test('refuses more than one request holds, and says what takes it', async () => {
    const { status, body } = await send(`${header}\n${'x'.repeat(DIRECT_BYTES)}`);
    expect([status, body]).toEqual([
      413,
      expect.objectContaining({ code: 'UPLOAD_TOO_LARGE', detail: expect.stringContaining('presigned') }),
    ]);
  });

  test('says of a table whose owner allows no uploads who can change that', async () => {
    await database.admin.script('revoke insert on public.module_ct_cabinet_leads from cuadre_owner');
    try {
      const { status, body } = await send(csv);
      expect([status, body]).toEqual([
        409,
        expect.objectContaining({
          code: 'UPLOADS_NOT_ALLOWED',
          detail: expect.stringContaining('grants_uploads.sql'),
        }),
      ]);
    } finally {
      await database.admin.script('grant insert on public.module_ct_cabinet_leads to cuadre_owner');
    }
  });
});

describe('auto_process', () => {
  const queued = () =>
    ask(
      database.admin,
      `select trigger_key, graph #>> '{}' like '%leads-reconcile%' from ops.runs order by created_at`,
    );

  test('starts the dataset’s job for the upload, and says when another run is in its way', async () => {
    // No queue is known here: the message stays in the outbox.
    const first = await send(csv, { query: { auto_process: 'true' } });
    expect([first.status, first.body]).toEqual([
      200,
      expect.objectContaining({
        unsent: 2,
        warning: expect.stringContaining('npm run ops -- sweep --go'),
        run_id: expect.any(String),
      }),
    ]);
    expect(await queued()).toHaveLength(1);
    const second = await send(csv, { query: { auto_process: 'true' } });
    expect([second.status, second.body]).toEqual([
      200,
      expect.objectContaining({
        auto_process: true,
        run_id: null,
        run_refused: expect.objectContaining({ code: 'RUN_ACTIVE' }),
      }),
    ]);
    expect(await leadsOf(database)).toHaveLength(1);
  });
});

test('trips and payments have the same', async () => {
  const trips = table('driver_id,date_file,count_orders_completed,created_at', [
    ['d1', '05-01-2026', '3', '2026-01-06 01:00:00'],
  ]);
  const payments = table('id,date,driver,trip_1,trip_5,trip_25', [
    ['7', '2026-01-05', 'Ana Paz', 'true', 'false', null],
  ]);
  for (const [endpoint, body] of [
    [tripsCsv, trips],
    [paymentsCsv, payments],
  ] as const) {
    expect(await send(body, { endpoint })).toMatchObject({
      status: 200,
      body: { stats: { total_inserted: 1, first_date: '2026-01-05' } },
    });
    expect(await send(body, { endpoint })).toMatchObject({
      status: 200,
      body: { stats: { total_inserted: 0, total_ignored: 1 } },
    });
  }
});

test('GET /api/v1/cabinet-leads/diagnostics says how far the leads reach, and what the last file brought', async () => {
  const reader = environmentOf(database, 'cuadre_reader');
  await send(csv);
  await send(table(header, [['c', '2026-01-09 13:00:00', 'Eva']]), { query: { file_name: 'late.csv' } });
  const { status, body } = await call(leadsDiagnostics, reader);
  expect(status).toBe(200);
  expect(body).toEqual({
    table_row_count: 2,
    max_lead_date_in_table: '2026-01-09',
    max_event_date_in_lead_events: null,
    max_snapshot_date_in_identity_links: null,
    recommended_start_date: '2026-01-09',
    processed_external_ids_count: 0,
    last_upload: expect.objectContaining({ file_name: 'late.csv', inserted: 1, uploaded_by: 'unknown' }),
  });
});
