import { expect } from 'vitest';
import * as z from 'zod';
import type { TestDatabase } from '../../support/database.ts';
import type { Figures } from '../../support/figures.ts';

const row = z.record(z.string(), z.json());
type Row = z.infer<typeof row>;

const stages = ['NO_IDENTITY', 'NO_DRIVER', 'NO_TRIPS_14D', 'TRIPS_NO_CLAIM', 'OK'];
const byStage = stages
  .map((stage) => `count(*) filter (where limbo_stage = '${stage}') as "${stage}"`)
  .join(', ');
const byMilestone = (milestone: string, amount: string) =>
  `count(*) filter (where ${milestone} = 1) as m1, count(*) filter (where ${milestone} = 5) as m5,
   count(*) filter (where ${milestone} = 25) as m25, count(*) as total, sum(${amount})::text as amount`;

/** What the relations of the golden set say, in the shape in which the data set's figures are written. */
export function standing(database: TestDatabase, figures: Figures) {
  const asOf = z.string().parse(figures.at('as_of'));
  const many = (query: string): Promise<Row[]> =>
    database.admin.transaction(async (sql) => {
      await sql.script(`set local cuadre.as_of = '${asOf}';
        create temporary table answer on commit drop as select to_jsonb(a) as row from (${query}) a`);
      const rows = await sql(z.strictObject({ row }))`select row from answer`;
      return rows.map((each) => each.row);
    });
  const one = async (query: string): Promise<Row> => (await many(query))[0] ?? {};
  /** A relation by its first column: the other columns of each row, in their order. */
  const lists = async (columns: string, from: string) =>
    Object.fromEntries(
      (await many(`select json_build_array(${columns}) as list from ${from}`)).map(({ list }) => {
        const [key, ...rest] = z.array(z.union([z.string(), z.int()])).parse(list);
        return [key, rest];
      }),
    );
  const counts = `count(*), ${byStage.replaceAll(/ as "\w+"/g, '')}`;

  /** 12 months of nothing but leads: which stage, which week, how many trips. No job may move any of it. */
  async function limbo(view = 'ops.v_cabinet_leads_limbo') {
    const after = await lists(`'after', ${counts}`, `${view} where lead_date > '2026-01-05'`);
    figures.hold('limbo', {
      ...(await one(`select count(*) as total, ${byStage}, count(person_key) as with_identity,
        round(100.0 * count(person_key) / count(*), 2)::text as pct_with_identity,
        count(*) filter (where limbo_stage in ('NO_IDENTITY', 'NO_DRIVER', 'TRIPS_NO_CLAIM')) as actionable,
        count(*) filter (where trips_14d > 0) as with_trips,
        min(lead_date) as first_lead_date, max(lead_date) as last_lead_date from ${view}`)),
      columns_of_by_week: ['leads_total', ...stages],
      by_week: await lists(`week_start, ${counts}`, `${view} group by week_start`),
      leads_after_2026_01_05: after['after'],
      trip_bands: await one(`select count(*) filter (where trips_14d between 1 and 4) as "1-4",
        count(*) filter (where trips_14d between 5 and 24) as "5-24", count(*) filter (where trips_14d >= 25) as "25+" from ${view}`),
    });
    // The leads job asks the same of a view of its own, the funnel adds it up week by week.
    expect(await one(`select ${byStage} from ops.v_cabinet_lead_stages`)).toEqual(
      await one(`select ${byStage} from ${view}`),
    );
    expect(
      await one(`select sum(limbo_no_identity) as "NO_IDENTITY", sum(limbo_no_driver) as "NO_DRIVER", sum(limbo_no_trips_14d) as "NO_TRIPS_14D",
        sum(limbo_trips_no_claim) as "TRIPS_NO_CLAIM", sum(limbo_ok) as "OK" from ops.v_cabinet_14d_funnel_audit_weekly`),
    ).toEqual(await one(`select ${byStage} from ${view}`));
  }

  const gaps = () =>
    one(`select ${byMilestone('milestone_value', 'expected_amount')} from ops.v_cabinet_claims_gap_14d`);
  const claims = () =>
    one(`select ${byMilestone('milestone', 'amount_expected')} from canon.claims_yango_cabinet_14d`);

  async function claimsAndGaps(state: 'before' | 'after') {
    figures.hold(
      'claims_expected',
      await one(
        `select ${byMilestone('milestone', 'amount_expected')} from ops.v_cabinet_claims_expected_14d where claim_expected`,
      ),
    );
    if (state === 'before') {
      figures.hold('claims_physical_before', await claims());
      figures.hold('gap_before', {
        ...(await gaps()),
        by_week: await lists(
          `week_start, count(*) filter (where milestone_value = 1), count(*) filter (where milestone_value = 5), count(*) filter (where milestone_value = 25)`,
          'ops.v_cabinet_claims_gap_14d group by week_start',
        ),
      });
    } else {
      for (const [name, value] of Object.entries(await gaps())) figures.hold(`gap_after.${name}`, value);
      figures.hold('claims_job.first_run.claims_in_table_after', (await claims())['total']);
    }
  }

  async function layers(recorded: boolean) {
    const achieved = (relation: string) =>
      one(`select ${byMilestone('milestone_value', 'expected_amount')} from ${relation}`);
    figures.hold('achieved', await achieved('ops.v_cabinet_achievements_calculated'));
    figures.hold(
      'paid',
      await one(
        `select count(*) as total, count(*) filter (where pay_date is null) as without_pay_date from ops.v_cabinet_milestones_paid`,
      ),
    );
    if (!recorded) return expect((await achieved('ops.v_cabinet_milestones_achieved'))['total']).toBe(0);
    figures.hold('achieved', await achieved('ops.v_cabinet_milestones_achieved'));
    const states = ['OK', 'ACHIEVED_NOT_PAID', 'PAID_WITHOUT_ACHIEVEMENT', 'NOT_APPLICABLE'];
    figures.hold(
      'reconciled',
      await one(`select count(*) as total, ${states.map((state) => `count(*) filter (where reconciliation_status = '${state}') as "${state}"`).join(', ')}
        from ops.v_cabinet_milestones_reconciled`),
    );
    figures.hold(
      'paid_without_achievement',
      await many(`select classification_cause as cause, total_cases, count_m1, count_m5, count_m25, pct_total::text as pct_total, unique_drivers
        from ops.cabinet_paid_causes(null, null) where total_cases > 0`),
    );
  }

  async function collections(relation: string) {
    const buckets = await many(
      `select scout_quality_bucket as bucket, count(*) as n from ${relation} group by 1`,
    );
    figures.hold('cobranza_mv', {
      ...(await one(`select count(*) as drivers, count(scout_id) as with_scout, count(*) - count(scout_id) as without_scout,
        round(100.0 * count(scout_id) / count(*), 2)::text as pct_with_scout, count(*) filter (where amount_due_yango > 0) as with_debt,
        sum(amount_due_yango)::text as debt, sum(expected_total_yango)::text as expected, sum(total_paid_yango)::text as paid,
        sum(amount_overpaid)::text as overpaid,
        count(*) filter (where not exists (select from observational.v_person_origins o where o.driver_id = c.driver_id and o.origin_tag = 'cabinet'))
          as universe_limbo_only from ${relation} c`)),
      buckets: Object.fromEntries(buckets.map(({ bucket, n }) => [bucket, n])),
    });
    const from = (source: string) => `count(*) filter (where source_table = '${source}')`;
    figures.hold(
      'scouts',
      await one(`select (select count(*) from ops.v_scout_attribution) as attribution_persons, (select count(*) from ops.v_scout_attribution_conflicts) as conflicts,
        ${from('public.module_ct_cabinet_payments')} as raw_from_cabinet_payments, ${from('observational.lead_ledger')} as ledger_persons_with_scout,
        ${from('public.module_ct_scouting_daily')} as scouting_rows, (select count(*) from canon.identity_registry) as persons from ops.v_scout_attribution_raw`),
    );
  }

  return {
    asOf,
    many,
    one,
    gaps,
    claims,
    /** Everything that the data set says of a moment of the night. */
    async holds(state: 'before' | 'after', { recorded = true, refreshed = false } = {}) {
      await limbo();
      await claimsAndGaps(state);
      await layers(recorded);
      await collections('ops.v_cabinet_cobranza_enriched_14d');
      if (refreshed) {
        await collections('ops.mv_yango_cabinet_cobranza_enriched_14d');
        await limbo('ops.v_cabinet_limbo_kept');
      }
    },
  };
}
