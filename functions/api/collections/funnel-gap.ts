import * as z from 'zod';
import { endpoint, noParameters, ok } from '../../core/http.ts';

const share = z.number().describe('Per cent of all leads, with two decimals.');

const counts = z.strictObject({
  total_leads: z.int(),
  leads_with_identity: z.int(),
  leads_with_claims: z.int().describe('With a derived claim of some milestone.'),
  leads_without_identity: z.int(),
  leads_without_claims: z.int(),
  leads_without_both: z.int(),
});

/** GET how many leads are known persons and how many have a derived claim; each figure is counted, none inferred. */
export const funnelGap = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/funnel-gap',
  summary: 'Leads with and without identity and claims',
  query: noParameters,
  path: noParameters,
  answer: counts.extend({
    percentages: z.strictObject({
      with_identity: share,
      with_claims: share,
      without_identity: share,
      without_claims: share,
      without_both: share,
    }),
  }),
  async run({ event, environment }) {
    const [found] = await environment.control.sql(counts)`
      select
        count(*)::integer as total_leads,
        count(*) filter (where identified)::integer as leads_with_identity,
        count(*) filter (where claimed)::integer as leads_with_claims,
        count(*) filter (where not identified)::integer as leads_without_identity,
        count(*) filter (where not claimed)::integer as leads_without_claims,
        count(*) filter (where not identified and not claimed)::integer as leads_without_both
      from (
        select person_key is not null as identified, has_claim_m1 or has_claim_m5 or has_claim_m25 as claimed
        from ops.v_cabinet_leads_limbo
      ) lead`;
    if (found === undefined) throw new Error('an aggregate without groups returned no row');
    const percent = (part: number) =>
      found.total_leads === 0 ? 0 : Math.round((10_000 * part) / found.total_leads) / 100;
    return ok(event, {
      ...found,
      percentages: {
        with_identity: percent(found.leads_with_identity),
        with_claims: percent(found.leads_with_claims),
        without_identity: percent(found.leads_without_identity),
        without_claims: percent(found.leads_without_claims),
        without_both: percent(found.leads_without_both),
      },
    });
  },
});
