import { type Pipeline, pipeline } from '../core/pipeline.ts';

/** The fleet's night: load the trips, generate the claims they justify, check the books. docs/cabinet.md. */
export const cabinetDaily = pipeline({
  name: 'cabinet-daily',
  domain: 'cabinet',
  timeZone: 'America/Lima',
  // Lima has no daylight saving time, so 02:00 exists exactly once a day.
  // A night takes in what the nights before it left: of those that were missed the last one is enough.
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima', missed: 'last' },
  // Two hours in all: the figures are to be there in the morning, with what there is.
  freshness: { ready: 'ops.cabinet_source_ready', postponeMinutes: 30, times: 4 },
  jobs: {
    'cabinet.payments-ingest': {
      after: [],
      description:
        'Adds to the payment ledger what the payer says today and did not say before. Input: dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
    },
    'cabinet.trips-load': {
      after: ['cabinet.payments-ingest'],
      description:
        'Loads public.summary_daily into canon.driver_day_trips and keeps the rejects. Input: overlapDays (3), dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
    },
    'cabinet.leads-reconcile': {
      after: ['cabinet.trips-load'],
      description:
        'Links leads to persons and drivers and explains each that it cannot link. Input: daysBack (30, 0 or "all"), limit (2000), onlyLimbo, repairEvents (on in the daily run), dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
      input: { repairEvents: true },
    },
    'cabinet.achievements-record': {
      after: ['cabinet.leads-reconcile'],
      description:
        'Records each milestone when it is first seen reached, with its evidence, and never changes one. Input: dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
    },
    'cabinet.claims-reconcile': {
      after: ['cabinet.achievements-record'],
      description:
        'Generates the missing cabinet claims and explains each gap. Input: daysBack (21, 0 or "all"), limit (1000 or "all"), onlyMilestone, weekStart, onlyGaps, dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
    },
    'cabinet.mv-refresh': {
      after: ['cabinet.claims-reconcile'],
      description:
        'Refreshes the materialized views, each after those it reads, and logs what came of it. Input: mvName, dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 256,
    },
    'cabinet.validation': {
      after: ['cabinet.mv-refresh'],
      description:
        'Checks claims, gaps and the run that made them; a failed check is a finding. Input: dryRun, asOf.',
      timeoutSeconds: 300,
      memoryMb: 512,
    },
    'cabinet.alert-evaluation': {
      after: ['cabinet.validation'],
      always: true,
      description:
        'Keeps the figures of the day, holds them against the thresholds in force and moves the alerts on. Input: dryRun, asOf.',
      timeoutSeconds: 300,
      memoryMb: 256,
    },
    'cabinet.alert-publication': {
      after: ['cabinet.alert-evaluation'],
      always: true,
      description:
        'Tells people of alerts that were opened, reopened, resolved or became worse, and probes the path to them. Input: dryRun, asOf.',
      timeoutSeconds: 120,
      memoryMb: 256,
      publishes: true,
    },
    'cabinet.upload-take': {
      after: [],
      onDemand: true,
      readsUploads: true,
      description:
        'Takes an uploaded file of leads, trips or payments in: all of it but its rejected rows, or nothing. Input: uploadId, dryRun, asOf.',
      timeoutSeconds: 600,
      memoryMb: 512,
    },
  },
});

/** Runs that take files in go by a name of their own: they neither wait for the night nor are in its way. */
export const cabinetUploads: Pipeline = { ...cabinetDaily, name: 'cabinet-uploads' };
