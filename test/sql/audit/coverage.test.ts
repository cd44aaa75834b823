import { describe, expect, test } from 'vitest';
import { newest, testDatabase } from '../../support/database.ts';
import { ask } from '../cabinet/relation.ts';

/** Columns that are in no entry of their table, and why. */
const leftOut: Readonly<Record<string, string>> = {
  'canon.claims_yango_cabinet_14d.expected_at': 'follows from its statuses, which the history has',
  'canon.claims_yango_cabinet_14d.generated_at': 'follows from its statuses, which the history has',
  'canon.claims_yango_cabinet_14d.paid_at': 'follows from its statuses, which the history has',
  'canon.claims_yango_cabinet_14d.reason': 'may be corrected by an operator',
  'canon.claims_yango_cabinet_14d.status': 'held against the last of its history',
  'canon.claims_yango_cabinet_14d.updated_at': 'changes with every correction',
  'ops.yango_payment_status_ledger.paid_flag_source': 'generated from other columns',
  'ops.yango_payment_status_ledger.payment_key': 'generated from other columns',
};

/** Tables of which nothing is sealed, and why. What is in neither list nor in the trail is an omission. */
const notHistory: Readonly<Record<string, string>> = {
  'canon.driver_day_trips': 'mirrors the upstream, which may correct itself',
  'canon.driver_orphan_quarantine': 'present state',
  'canon.drivers_index': 'made anew from the upstream',
  'canon.identity_links':
    'present state: each link is in the decision that made it, and an undone one in the undos',
  'canon.identity_registry': 'present state',
  'canon.identity_unmatched': 'present state: each judgement is a decision',
  'canon.trip_rejects': 'mirrors the upstream: each reject is a decision',
  'observational.lead_events': 'present state: each repair is a decision',
  'observational.lead_ledger': 'given by others',
  'ops.alert_probes': 'marks of a path that is tested daily',
  'ops.alert_publications': 'marks of what was sent: each is a decision',
  'ops.alerts': 'held against the last of its history',
  'ops.audit_sealed_entries': 'held against its seal',
  'ops.audit_seals': 'the chain itself',
  'ops.backfill_dates': 'present state: what was begun is in the runs',
  'ops.backfills': 'present state: who asked for it and why is in the operators’ actions',
  'ops.dead_letters': 'messages as they came',
  'ops.heartbeats': 'signs of life',
  'ops.mv_refresh_log': 'each refresh is a decision',
  'ops.outbox': 'messages as they went',
  'ops.redrive_runs': 'present state: what was taken up again is in the operators’ actions',
  'ops.redrives': 'present state: who asked for it and why is in the operators’ actions',
  'ops.schedule_events': 'due times that became no run; kept by a trigger of its own',
  'ops.schedules': 'present state: who paused it and why is in the operators’ actions',
  'ops.staged_leads': 'empty to everybody',
  'ops.staged_payments': 'empty to everybody',
  'ops.staged_trips': 'empty to everybody',
  'ops.upload_rejects': 'what a file was refused: the file’s digest is in its upload',
  'ops.upload_requests': 'links that were given out',
  'ops.waiting_job_runs': 'present state: who stands in line',
};

describe.each(newest)('the audit trail of PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const read = (view: string) => `
    select distinct n.nspname || '.' || c.relname as tab, a.attname as col
    from pg_rewrite w
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.relkind = 'r' join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid and d.refobjsubid > 0
    where w.ev_class = '${view}'::regclass`;

  test('has every column of its tables, or says why not', async () => {
    const missing = await ask(
      database.admin,
      `select t.tab || '.' || a.attname
       from (select distinct tab from (${read('ops.v_audit_entries')}) r) t
       join pg_attribute a on a.attrelid = t.tab::regclass and a.attnum > 0 and not a.attisdropped and a.attname <> 'xact_id'
       where not exists (select from (${read('ops.v_audit_entries')}) r where r.tab = t.tab and r.col = a.attname) order by 1`,
    );
    expect(missing).toEqual(Object.keys(leftOut).sort());
  });

  test('has every table of ours, or says why not', async () => {
    const missing = await ask(
      database.admin,
      `select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('canon', 'ops', 'observational') and c.relkind = 'r'
         and n.nspname || '.' || c.relname not in (
           select tab from (${read('ops.v_audit_entries')}) e union select tab from (${read('ops.v_audit_live_states')}) s)
       order by 1`,
    );
    expect(missing).toEqual(Object.keys(notHistory).sort());
  });

  test('finds what is new in what grows most without reading what is old', async () => {
    const unindexed = await ask(
      database.admin,
      `select t from unnest(array['ops.decisions', 'ops.check_values', 'ops.metric_snapshots', 'ops.recorded_states',
         'ops.yango_payment_status_ledger', 'canon.milestone_achievements', 'canon.claim_status_history']) t
       where not exists (
         select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
         where i.indrelid = t::regclass and a.attname = 'xact_id')`,
    );
    expect(unindexed).toEqual([]);
  });
});
