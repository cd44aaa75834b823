import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { startPipeline } from '../../../functions/core/start.ts';
import { ownDatabase, type TestDatabase, versions } from '../../support/database.ts';
import { FakeNotifier } from '../../support/notifier.ts';
import { runJob } from '../../support/run-job.ts';
import { deliver, jobRunOf, runStatus, services, trigger } from '../../support/toy.ts';
import { ask } from './relation.ts';

interface Ended {
  readonly job?: string;
  readonly dryRun?: boolean;
  readonly asOf?: string;
  readonly code?: string;
}

describe.each(versions)('jobs that fail on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  let minute = 0;
  beforeEach(async () => {
    database = await ownDatabase({ version });
    minute = 0;
  });

  /** Runs that came to an end one after the other: f failed, s succeeded, k skipped. */
  async function ended(how: string, { job = 'cabinet.trips-load', dryRun = false, ...more }: Ended = {}) {
    for (const letter of how) {
      minute += 1;
      const status = { f: 'failed', s: 'succeeded', k: 'skipped' }[letter] ?? '';
      const error = letter === 's' ? 'null' : `'{"code": "${more.code ?? 'BROKEN'}"}'`;
      const at = `'2026-01-13T00:00:00Z'::timestamptz + interval '${minute} minutes'`;
      const failed = letter === 'f';
      await database.admin.script(`
        with run as (
          insert into ops.runs (pipeline, kind, as_of, dry_run, inline, trigger_kind, trigger_key, trigger, request_digest, input, graph,
                                status, error, code_version, finished_at)
          values ('cabinet-daily', 'job', '${more.asOf ?? '2026-01-13'}', ${dryRun}, true, 'cli', '${randomUUID()}', '{}', '', '{}', '{}',
                  '${failed ? 'failed' : 'succeeded'}', ${failed ? error : 'null'}, 'test', ${at})
          returning run_id
        )
        insert into ops.job_runs (run_id, job, input, status, error, finished_at)
        select run_id, '${job}', '{}', '${status}', ${error}, ${at} from run`);
    }
  }
  const triggered = async (asOf = '2026-01-13') => {
    const { decisions } = await runJob(database, alertEvaluation, { asOf });
    return decisions
      .filter(({ subject, decision }) => subject.startsWith('JOB_') && decision === 'TRIGGERED')
      .map(({ subject, detail }) => `${subject} ${detail}`);
  };
  const failing = 'JOB_FAILING/cabinet.trips-load error';
  const unstable = 'JOB_UNSTABLE/cabinet.trips-load warning';

  test.each([
    ['two in a row', 'sff', []],
    ['three in a row', 'sfff', [failing, unstable]],
    ['three in a row, with one skipped between', 'sffkf', [failing, unstable]],
    ['three, and then it worked', 'fffs', [unstable]],
    ['three of ten', 'fssssfsssf', [unstable]],
    ['three of eleven', 'fsssssfsssf', []],
    ['nothing but skipped', 'kkk', []],
  ])('%s: %s', async (_what, how, alerts) => {
    await ended(how);
    expect(await triggered()).toEqual(alerts);
  });

  test('counts neither dry runs, nor wrong input, nor days after its own, nor its own failures', async () => {
    await ended('fff', { dryRun: true });
    await ended('fff', { code: 'INVALID_INPUT' });
    await ended('fff', { asOf: '2026-01-14' });
    await ended('fff', { job: 'cabinet.alert-evaluation' });
    expect(await triggered()).toEqual([]);
  });

  test('is an alert for each job, resolved when that one works again', async () => {
    await ended('fff');
    await ended('fff', { job: 'cabinet.validation' });
    expect(await triggered()).toHaveLength(4);
    await ended('s');
    await triggered('2026-01-14');
    expect(
      await ask(
        database.admin,
        "select subject, status, value from ops.alerts where type = 'JOB_FAILING' order by subject",
      ),
    ).toEqual(['cabinet.trips-load | resolved | 3', 'cabinet.validation | open | 3']);
  });

  test('a materialized view whose refresh failed three times is named', async () => {
    await database.admin.script(`
      insert into ops.mv_refresh_log (schema_name, mv_name, status, mode, refresh_started_at, refresh_finished_at, duration_ms, error_code)
      select 'ops', 'mv_yango_cabinet_cobranza_enriched_14d', 'ERROR', 'concurrently', now(), now(), 1, '57014' from generate_series(1, 3)`);
    const { decisions } = await runJob(database, alertEvaluation, { asOf: '2026-01-13' });
    expect(
      decisions.find(({ subject }) => subject.startsWith('MV_REFRESH_FAILING/ops.mv_yango')),
    ).toMatchObject({
      subject: 'MV_REFRESH_FAILING/ops.mv_yango_cabinet_cobranza_enriched_14d',
      decision: 'TRIGGERED',
      detail: 'error',
      evidence: { current: '3', threshold: '3', comparison: 'at_least' },
    });
  });

  test('the night that breaks for the third time raises it itself: the evaluation runs whatever came before it', async () => {
    await database.admin.script('alter table public.summary_daily rename to gone');
    const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
    const raised: string[][] = [];
    const sns = new FakeNotifier();
    const publication = alertPublicationJob(() => sns);
    for (const asOf of ['2026-01-11', '2026-01-12', '2026-01-13']) {
      const { runId } = await startPipeline(
        to.control.sql,
        cabinetDaily,
        { asOf, dryRun: false, input: {} },
        trigger(),
        { inline: false, codeVersion: 'test' },
      );
      await deliver(to, paymentsIngest, await jobRunOf(database.admin, runId, 'cabinet.payments-ingest'));
      await deliver(to, tripsLoad, await jobRunOf(database.admin, runId, 'cabinet.trips-load'));
      await deliver(to, alertEvaluation, await jobRunOf(database.admin, runId, 'cabinet.alert-evaluation'));
      await deliver(to, publication, await jobRunOf(database.admin, runId, 'cabinet.alert-publication'));
      expect(await runStatus(database.admin, runId)).toBe('failed 42P01 cabinet.trips-load');
      raised.push(
        await ask(database.admin, "select subject, status from ops.alerts where type = 'JOB_FAILING'"),
      );
    }
    expect(raised).toEqual([[], [], ['cabinet.trips-load | open']]);
    expect(sns.told).toContain('opened JOB_FAILING error');
  });
});
