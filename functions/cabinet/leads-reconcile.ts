import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import { PermanentError } from '../core/errors.ts';
import { type JsonObject, job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { analyzeChanged } from './analyze.ts';
import { cutoffOf, daysBack } from './days-back.ts';
import { reconcileLeads } from './leads-rounds.ts';
import { countStages } from './leads-statement.ts';
import { cabinetDaily } from './pipeline.ts';

/** Leads per run: a run is one transaction, and what it judges passes through memory. */
const MOST = 1_000_000;

const limitRule = `must be a whole number from 1 to ${MOST}`;

export const input = z.strictObject({
  daysBack: daysBack.default(30),
  limit: z.int(limitRule).min(1, limitRule).max(MOST, limitRule).default(2000),
  onlyLimbo: z.boolean().default(false),
  /** Give linked leads the event that payment calculation asks for, with the person of the link. */
  repairEvents: z.boolean().default(false),
});

/** Finds out who the leads are: which person, and which driver. Says of every lead it looked at what became of it, and why. */
export const leadsReconcile = /* @__PURE__ */ job({
  name: 'cabinet.leads-reconcile',
  input,
  async run({ input, asOf, dryRun, sql, jobRunId, log, progress }) {
    const drivers = await refreshDrivers(sql, dryRun);
    const targetPark = await readTargetPark(sql);
    const cutoff = cutoffOf(asOf, input.daysBack);
    const {
      before,
      limbo_found,
      by_stage,
      selected,
      first_lead_date,
      last_lead_date,
      persons_filled,
      ...counted
    } = await reconcileLeads(sql, jobRunId, dryRun, { ...input, cutoff, targetPark });
    progress(selected, selected, 'leads');
    const after = dryRun ? null : await countStages(sql, jobRunId);
    if (!dryRun) {
      // At the end: with figures for these tables and none yet for the upstream's, the stages took minutes on PostgreSQL 15.
      // At most: a match makes a person, a link of the lead and one of its driver.
      const analyzed = await analyzeChanged(sql, {
        'canon.identity_registry': persons_filled,
        'canon.identity_links': counted.newly_linked + counted.matched,
        'canon.identity_unmatched': counted.unmatched,
        'observational.lead_events': counted.events_repaired,
      });
      log.info('tables analyzed', { analyzed });
    }
    const report: JsonObject = {
      window: { as_of: asOf, cutoff_lead_date: input.onlyLimbo ? null : cutoff },
      target_park_id: targetPark,
      drivers_index: drivers,
      limbo_found,
      selected,
      processed: selected,
      ...counted,
      persons_filled,
      errors: 0,
      first_and_last_selected_lead_date: [first_lead_date, last_lead_date],
      by_stage,
      stages: { before, after: after?.all ?? null, selected_after: after?.selected ?? null },
    };
    return { report };
  },
});

export { figures } from './leads-figures.ts';

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, leadsReconcile);

const refreshed = z.strictObject({ inserted: z.int(), updated: z.int(), removed: z.int() });

/** The index of drivers first: a driver of today is to be found today. Two runs at once would wait for each other's links. */
async function refreshDrivers(sql: Sql, dryRun: boolean): Promise<z.infer<typeof refreshed>> {
  if (!dryRun) await sql`select pg_advisory_xact_lock(hashtext('canon.identity_links'))`;
  const [row] = dryRun
    ? await sql(refreshed)`
        select (count(*) filter (where change = 'INSERT'))::integer as inserted, (count(*) filter (where change = 'UPDATE'))::integer as updated,
               (count(*) filter (where change = 'DELETE'))::integer as removed
        from canon.v_drivers_index_changes`
    : await sql(refreshed)`select inserted, updated, removed from canon.refresh_drivers_index()`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}

async function readTargetPark(sql: Sql): Promise<string> {
  const [row] = await sql(
    z.strictObject({ park: z.string() }),
  )`select target_park_id as park from ops.cabinet_settings`;
  if (row === undefined) {
    throw new PermanentError(
      'no target park: insert into ops.cabinet_settings (target_park_id) the park whose drivers come first',
      { code: 'TARGET_PARK_UNSET' },
    );
  }
  return row.park;
}
