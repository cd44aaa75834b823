import * as z from 'zod';
import { connect, type Sql } from '../../../functions/core/database.ts';
import { type Measured, measured } from './measured.ts';

export interface LoopOrder {
  readonly url: string;
  readonly asOf: string;
  /** `driver`: as the original asked. `person`: the same question in the form that an index answers. */
  readonly by: 'driver' | 'person';
  /** Gaps, at most. */
  readonly limit: number;
  /** No gap is begun after them; one always is. */
  readonly seconds: number;
}

const gap = z.strictObject({
  lead_source_pk: z.string(),
  lead_date: z.iso.date(),
  person_key: z.string(),
  driver_id: z.string(),
  milestone_value: z.int(),
  expected_amount: z.string(),
  rule_id: z.int().nullable(),
});
type Gap = z.infer<typeof gap>;

const found = z.object({});

/**
 * A job that goes gap by gap: for each it asks whether the payment calculation has the milestone as achieved, whether a
 * claim exists, inserts one when so, and commits. Reading the list of gaps is not in its time, and neither are
 * decisions, which it does not keep. Both are in the set-based job's.
 */
export async function runLoop({ url, asOf, by, limit, seconds }: LoopOrder): Promise<Measured> {
  const work = connect({ url, applicationName: 'bench work' });
  try {
    const gaps = await work.transaction(async (sql) => {
      await sql`select set_config('cuadre.as_of', ${asOf}, true)`;
      return sql(gap)`
        select lead_source_pk, lead_date, person_key, driver_id, milestone_value, expected_amount, rule_id
        from ops.v_cabinet_claims_gap_14d
        order by lead_date desc, driver_id, milestone_value, lead_id limit ${limit}::integer`;
    });
    return await measured([work], async () => {
      let claims = 0;
      let judged = 0;
      const begun = performance.now();
      for (const one of gaps) {
        if (performance.now() - begun > seconds * 1000) break;
        claims += await work.transaction(async (sql) => {
          await sql`select set_config('cuadre.as_of', ${asOf}, true)`;
          return judge(sql, one, by);
        });
        judged += 1;
      }
      return { gaps: judged, claims };
    });
  } finally {
    await work.close();
  }
}

/** Claims inserted: 0 or 1. */
async function judge(sql: Sql, one: Gap, by: LoopOrder['by']): Promise<number> {
  const personKey = by === 'person' ? one.person_key : null;
  const achieved = await (personKey === null ? achievedBy(sql, one) : achievedByPerson(sql, one, personKey));
  if (achieved.length === 0) return 0;
  const existing = await sql(found)`
    select claim_id from canon.claims_yango_cabinet_14d
    where person_key = ${one.person_key}::uuid and lead_date = ${one.lead_date}::date and milestone = ${one.milestone_value}::integer`;
  if (existing.length > 0) return 0;
  return sql`
    insert into canon.claims_yango_cabinet_14d (
      person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, rule_id, status, expected_at, generated_at)
    values (${one.person_key}::uuid, ${one.driver_id}, ${one.lead_source_pk}, ${one.lead_date}::date, ${one.milestone_value}::integer,
            ${one.expected_amount}::numeric, ${one.rule_id}::integer, 'generated', now(), now())
    on conflict (person_key, lead_date, milestone) do nothing`;
}

function achievedBy(sql: Sql, one: Gap) {
  return sql(found)`
    select achieved_date from ops.v_payment_calculation
    where driver_id = ${one.driver_id} and origin_tag = 'cabinet' and rule_scope = 'partner'
      and milestone_trips = ${one.milestone_value}::integer and lead_date = ${one.lead_date}::date and milestone_achieved
      and achieved_date between lead_date and lead_date + 14`;
}

function achievedByPerson(sql: Sql, one: Gap, personKey: string) {
  return sql(found)`
    select achieved_date from ops.v_payment_calculation
    where person_key = ${personKey}::uuid and driver_id = ${one.driver_id} and origin_tag = 'cabinet' and rule_scope = 'partner'
      and milestone_trips = ${one.milestone_value}::integer and lead_date = ${one.lead_date}::date and milestone_achieved
      and achieved_date between lead_date and lead_date + 14`;
}
