import * as z from 'zod';
import { auditFinding } from '../../core/audit.ts';
import { cursor } from '../../core/cursor.ts';
import { endpoint, noParameters, ok } from '../../core/http.ts';
import { instant } from '../../core/wire.ts';
import { cursorMeta, cursorPage, limit } from '../page.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const seal = z.strictObject({
  seal_no: z.int(),
  day: z.iso.date().describe('In UTC, when it was sealed.'),
  sealed_at: instant,
  entries: z.int(),
  digest: digest.describe('The head, until the next seal: what is kept outside the database.'),
  previous_digest: digest,
  code_version: z.string(),
});
seal.register(z.globalRegistry, { id: 'AuditSeal' });

const verification = z.strictObject({
  verified_at: instant,
  head: digest.nullable().describe('The newest seal then.'),
  anchor: digest.nullable().describe('The head that was given from outside, when one was.'),
  seals: z.int(),
  entries: z.int(),
  findings: z.int().describe('0: everything was as it was sealed.'),
  examples: z.array(auditFinding).describe('The first 100 findings.'),
  duration_ms: z.int(),
  code_version: z.string(),
});
verification.register(z.globalRegistry, { id: 'AuditVerification' });

/** GET /api/v1/audit/seals: newest first, with what the last walk over the whole trail found. */
export const auditSeals = endpoint({
  method: 'GET',
  route: '/api/v1/audit/seals',
  summary: 'Seals of the audit trail, newest first, and what the last verification found',
  query: z.strictObject({
    limit: limit(200, 50),
    cursor: cursor(z.tuple([z.string().regex(/^\d{1,18}$/)])).optional(),
  }),
  path: noParameters,
  answer: z.strictObject({
    meta: cursorMeta,
    verification: verification.nullable().describe('The last one; null before the first.'),
    data: z.array(seal),
  }),
  async run({ event, query, environment: { control } }) {
    const data = await control.sql(seal)`
      select seal_no::integer as seal_no, day, sealed_at, entries::integer as entries, encode(digest, 'hex') as digest,
             encode(previous_digest, 'hex') as previous_digest, code_version
      from ops.audit_seals
      where ${query.cursor?.[0] ?? null}::bigint is null or seal_no < ${query.cursor?.[0] ?? null}::bigint
      order by seal_no desc
      limit ${query.limit}`;
    const [last] = await control.sql(verification)`
      select verified_at, encode(head, 'hex') as head, encode(anchor, 'hex') as anchor, seals::integer as seals,
             entries::integer as entries, findings::integer as findings, examples, duration_ms, code_version
      from ops.audit_verifications order by verification_id desc limit 1`;
    return ok(event, {
      meta: cursorPage(data, query.limit, ({ seal_no }) => [String(seal_no)]),
      verification: last ?? null,
      data,
    });
  },
});
