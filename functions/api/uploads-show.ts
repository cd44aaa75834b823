import * as z from 'zod';
import { cursor } from '../core/cursor.ts';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, ok, wholeNumber } from '../core/http.ts';
import { cursorMeta, cursorPage } from './page.ts';

const upload = z.strictObject({
  upload_id: z.guid(),
  dataset: z.enum(['leads', 'trips', 'payments']),
  channel: z.enum(['api', 'presigned', 'cli']),
  uploaded_by: z.string(),
  uploaded_at: z.string(),
  file_name: z.string().nullable(),
  sha256: z.string(),
  total_rows: z.int(),
  inserted: z.int(),
  ignored: z.int(),
  different: z.int(),
  rejected: z.int(),
  first_date: z.iso.date().nullable(),
  last_date: z.iso.date().nullable(),
  job_run_id: z.guid().nullable(),
});

const reject = z.strictObject({
  reject_id: z.string(),
  line: z.int(),
  verdict: z.enum(['rejected', 'contradicted', 'different']),
  field: z.string().nullable(),
  rule: z.string(),
  /** What the value looks like; what it says is not kept. */
  shape: z.string().nullable(),
});

/** GET /api/v1/uploads/{upload_id}: what became of a file, and every line that was not taken. */
export const uploadsShow = endpoint({
  method: 'GET',
  route: '/api/v1/uploads/{upload_id}',
  summary: 'What became of an uploaded file, and each line that was not taken',
  query: z.strictObject({
    limit: wholeNumber(1, 1000).default(100).describe('Lines on a page.'),
    cursor: cursor(z.tuple([z.int().min(0), z.string().regex(/^\d{1,18}$/)])).optional(),
  }),
  path: z.strictObject({ upload_id: z.guid().describe('As the upload answered it.') }),
  answer: z.strictObject({
    upload,
    meta: cursorMeta,
    data: z.array(reject),
  }),
  problems: { 404: ['UNKNOWN_UPLOAD'] },
  async run({ event, query, path: { upload_id }, environment }) {
    const { sql } = environment.control;
    const [found] = await sql(upload)`
      select upload_id, dataset, channel, uploaded_by, uploaded_at, file_name, sha256, total_rows::integer as total_rows,
             inserted::integer as inserted, ignored::integer as ignored, different::integer as different,
             rejected::integer as rejected, first_date, last_date, job_run_id
      from ops.uploads where upload_id = ${upload_id}::uuid`;
    if (found === undefined)
      throw new NotFoundError(`there is no upload ${upload_id}`, { code: 'UNKNOWN_UPLOAD' });
    const [line, id] = query.cursor ?? [0, '0'];
    const data = await sql(reject)`
      select reject_id, line::integer as line, verdict, field, rule, shape
      from ops.upload_rejects
      where upload_id = ${upload_id}::uuid and (line, reject_id) > (${line}::bigint, ${id}::bigint)
      order by line, reject_id
      limit ${query.limit}`;
    return ok(event, {
      upload: found,
      meta: cursorPage(data, query.limit, (last) => [last.line, last.reject_id]),
      data,
    });
  },
});
