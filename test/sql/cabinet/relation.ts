import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';

/** The rows of a query, in its order, each as `1 | 2026-01-05 | - | true`, where `-` is NULL. As of a date, when one is given. */
export async function ask(
  database: Pick<Database, 'transaction'>,
  query: string,
  asOf?: string,
): Promise<string[]> {
  const rows = await database.transaction(async (sql) => {
    if (asOf !== undefined) await sql.script(`set local cuadre.as_of = '${asOf}'`);
    await sql.script(`create temporary table answer on commit drop as
      select row_number() over () as place, (
        select string_agg(coalesce(value, '-'), ' | ' order by ordinality)
        from json_each_text(to_json(answer)) with ordinality
      ) as line
      from (${query}) answer`);
    return sql(z.strictObject({ line: z.string() }))`select line from answer order by place`;
  });
  return rows.map(({ line }) => line);
}

/** Everything that a test of the cabinet may have given; as a replica, since some of it is append-only. */
export const emptied = `set session_replication_role = replica; truncate ops.yango_payment_status_ledger,
  public.module_ct_cabinet_payments,
  public.module_ct_cabinet_leads, public.summary_daily, public.drivers, canon.identity_registry, canon.identity_links,
  canon.driver_orphan_quarantine, canon.driver_day_trips, canon.trip_rejects, canon.claims_yango_cabinet_14d,
  canon.claim_status_history, observational.lead_events, observational.lead_ledger,
  canon.drivers_index, canon.identity_unmatched, canon.identity_link_undos, ops.partner_payment_rules,
  ops.scout_payment_rules, ops.decisions restart identity cascade`;
