import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { endpoint, noParameters } from '../../core/http.ts';
import { answerAsOf, asOfAnswer, LIMBO, one, refresh, useMaterialized } from './as-of.ts';

const share = z.number().describe('Per cent of all leads, with two decimals.');

const counts = z.strictObject({
  total_leads: z.int(),
  leads_with_identity: z.int(),
  leads_with_claims: z.int().describe('With a derived claim of some milestone.'),
  leads_without_identity: z.int(),
  leads_without_claims: z.int(),
  leads_without_both: z.int(),
});

const row = counts.extend({ refresh: refresh.nullable() });

/** GET how many leads are known persons and how many have a derived claim; each figure is counted, none inferred. */
export const funnelGap = endpoint({
  method: 'GET',
  route: '/api/v1/ops/payments/cabinet-financial-14d/funnel-gap',
  summary: 'Leads with and without identity and claims',
  query: z.strictObject({ use_materialized: useMaterialized }),
  path: noParameters,
  answer: counts.extend({
    percentages: z.strictObject({
      with_identity: share,
      with_claims: share,
      without_identity: share,
      without_claims: share,
      without_both: share,
    }),
    as_of: asOfAnswer,
  }),
  problems: { 404: ['NOT_REFRESHED'] },
  async run({ event, query, environment }) {
    return answerAsOf(
      { event, environment },
      query.use_materialized ? LIMBO : null,
      query.use_materialized ? keptCounts : liveCounts,
      ({ refresh: _refresh, ...found }) => {
        const percent = (part: number) =>
          found.total_leads === 0 ? 0 : Math.round((10_000 * part) / found.total_leads) / 100;
        return {
          ...found,
          percentages: {
            with_identity: percent(found.leads_with_identity),
            with_claims: percent(found.leads_with_claims),
            without_identity: percent(found.leads_without_identity),
            without_claims: percent(found.leads_without_claims),
            without_both: percent(found.leads_without_both),
          },
        };
      },
    );
  },
});

async function keptCounts(sql: Sql): Promise<z.output<typeof row>> {
  const [found] = await sql(row)`
    select
      ops.mv_as_of(${LIMBO}) as refresh,
      coalesce(sum(leads), 0)::integer as total_leads,
      coalesce(sum(leads_with_identity), 0)::integer as leads_with_identity,
      coalesce(sum(leads_with_claims), 0)::integer as leads_with_claims,
      coalesce(sum(leads_without_identity), 0)::integer as leads_without_identity,
      coalesce(sum(leads_without_claims), 0)::integer as leads_without_claims,
      coalesce(sum(leads_without_both), 0)::integer as leads_without_both
    from ops.limbo_totals(null, null, null, null)`;
  return one(found);
}

async function liveCounts(sql: Sql): Promise<z.output<typeof row>> {
  const [found] = await sql(row)`
    select
      null::jsonb as refresh,
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
  return one(found);
}
