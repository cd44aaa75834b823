import * as z from 'zod';
import { NotFoundError } from '../../core/errors.ts';
import { endpoint, noParameters, ok, wholeNumber } from '../../core/http.ts';
import { instant, money } from '../../core/wire.ts';
import { tracedRow } from './figure-rows.ts';
import { lineage, lineageOf, rule } from './lineage.ts';

const seal = z.int().nullable().describe('The seal that has it; null while it is in none.');

const claim = z.strictObject({
  claim_id: z.int(),
  person_key: z.guid(),
  driver_id: z.string().nullable(),
  lead_source_pk: z.string(),
  lead_date: z.iso.date(),
  milestone: z.int(),
  amount_expected: money,
  status: z.enum(['expected', 'generated', 'paid', 'rejected', 'expired']),
  seal_no: seal,
});

const status = z.strictObject({
  from_status: z.string().nullable(),
  to_status: z.string(),
  changed_at: instant,
  changed_by: z.string(),
  seal_no: seal,
});

const madeBy = z.strictObject({
  ...claim.shape,
  rule_id: z.int().nullable(),
  job_run_id: z.guid().nullable(),
});

/** GET /api/v1/audit/claims/{claim_id}: why a claim exists and why it is of that amount. */
export const auditClaim = endpoint({
  method: 'GET',
  route: '/api/v1/audit/claims/{claim_id}',
  summary: 'One claim: its rule version, the decision, run and code that made it, and every status it had',
  query: noParameters,
  path: z.strictObject({
    claim_id: wholeNumber(1, 999_999_999).describe(
      'Of the claims, or of the evidence of the decision that made it.',
    ),
  }),
  answer: z.strictObject({
    claim,
    rule: rule
      .nullable()
      .describe('The version that gives the amount, as it was then; null for a claim from before.'),
    decision: tracedRow.nullable().describe('The judgement of the gap that it closed.'),
    lineage: lineage.nullable().describe('Who made it; null for a claim that a person brought in.'),
    history: z.array(status),
  }),
  problems: { 404: ['UNKNOWN_CLAIM'] },
  async run({ event, path, environment }) {
    const { sql } = environment.control;
    const [found] = await sql(madeBy)`
      select c.claim_id, c.person_key, c.driver_id, c.lead_source_pk, c.lead_date, c.milestone, c.amount_expected, c.status, c.rule_id, c.job_run_id,
             e.seal_no::integer as seal_no
      from canon.claims_yango_cabinet_14d c
      left join ops.audit_sealed_entries e on e.source = 'canon.claims_yango_cabinet_14d' and e.key = c.claim_id::text
      where c.claim_id = ${path.claim_id}::integer`;
    if (found === undefined)
      throw new NotFoundError(`there is no claim ${path.claim_id}`, { code: 'UNKNOWN_CLAIM' });
    const { rule_id, job_run_id, ...told } = found;
    const by = job_run_id === null ? undefined : await lineageOf(sql, { jobRunId: job_run_id });
    const history = await sql(status)`
      select h.from_status, h.to_status, h.changed_at, h.changed_by, e.seal_no::integer as seal_no
      from canon.claim_status_history h
      left join ops.audit_sealed_entries e on e.source = 'canon.claim_status_history' and e.key = h.history_id::text
      where h.claim_id = ${path.claim_id}::integer order by h.history_id`;
    const [version] = await sql(rule)`
      select 'ops.partner_payment_rules' as source, ${rule_id}::text as key, s.state, s.changed_at as recorded_at
      from ops.state_at('ops.partner_payment_rules', ${rule_id}::text, coalesce(${by?.finished_at ?? null}::timestamptz, now())) s`;
    const [decision] = await sql(tracedRow)`
      select 'ops.decisions' as source, d.decision_id::text as key, d.subject, d.decision, d.reason, d.detail, d.evidence, e.seal_no::integer as seal_no
      from ops.decisions d
      left join ops.audit_sealed_entries e on e.source = 'ops.decisions' and e.key = d.decision_id::text
      where d.job_run_id = ${job_run_id}::uuid and d.evidence ->> 'claim_id' = ${String(path.claim_id)} and d.decision = 'INSERTED'
      order by d.decision_id limit 1`;
    return ok(event, {
      claim: told,
      rule: version ?? null,
      decision: decision ?? null,
      lineage: by ?? null,
      history,
    });
  },
});
