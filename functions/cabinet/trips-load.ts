import * as z from 'zod';
import { counted, type JobFigures, measured } from '../core/figures.ts';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { analyzeChanged } from './analyze.ts';
import { cabinetDaily } from './pipeline.ts';
import { loadTrips } from './trips-statement.ts';

export const input = z.strictObject({
  /** How far before the newest row already loaded to read again: rows may become visible after newer ones. */
  overlapDays: z.int().min(0).max(3650).default(3),
});

/**
 * Mirrors public.summary_daily as typed facts. It does not depend on the as-of date: the date is applied where trips
 * are read, because a row left out now for being dated later would be behind the next load's beginning.
 */
export const tripsLoad = /* @__PURE__ */ job({
  name: 'cabinet.trips-load',
  input,
  async run({ input, dryRun, sql, jobRunId, log }) {
    const loaded = await loadTrips(sql, jobRunId, dryRun, input.overlapDays);
    const sum = (counts: Readonly<Record<string, number>>) =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    if (!dryRun) {
      const analyzed = await analyzeChanged(sql, {
        'canon.driver_day_trips': loaded.facts_inserted + loaded.facts_updated + loaded.facts_removed,
        'canon.trip_rejects': sum(loaded.rejects_new) + loaded.rejects_removed,
      });
      log.info('tables analyzed', { analyzed });
    }
    const { DUPLICATE_DRIVER_DAY: _replaced, ...errors } = loaded.rejects_new;
    // A replaced row is the upstream's way of correcting itself; the other rejects are errors that somebody should see.
    return { report: loaded, findings: sum(errors) };
  },
});

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/trips-statement.ts',
  objects: [],
  figures: {
    since: measured(
      'the newest row of the load before, less the overlap',
      'canon.driver_day_trips',
      'canon.trip_rejects',
      'ops.uploads',
    ),
    source_rows: measured('rows of the upstream that were read', 'public.summary_daily'),
    'facts_*': () =>
      measured(
        'days by what this load did with them; a day has no decision of its own',
        'canon.driver_day_trips',
      ),
    'rejects_new.*': (reason) => counted({ reasons: [reason] }),
    rejects_removed: measured('rejects whose row left the source, or won its day', 'canon.trip_rejects'),
    'rejects_total.*': () => measured('rejects of the reason after the load', 'canon.trip_rejects'),
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, tripsLoad);
