import { beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { alertPublication, alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import type { Job } from '../../../functions/core/job.ts';
import { startJob } from '../../../functions/core/start.ts';
import { newest, ownDatabase, type TestDatabase } from '../../support/database.ts';
import { FakeNotifier } from '../../support/notifier.ts';
import { runJob } from '../../support/run-job.ts';
import { deliver, services, trigger } from '../../support/toy.ts';
import { ask } from './relation.ts';

/** More than one transaction's worth. */
const ALERTS = 23;

describe.each(newest)('publication when something breaks on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  let sns: FakeNotifier;
  let job: Job;
  let jobRunId: string;
  beforeEach(async () => {
    sns = new FakeNotifier();
    job = alertPublicationJob(() => sns);
    database = await ownDatabase({ version });
    await runJob(database, alertEvaluation, { asOf: '2026-01-13' });
    await database.admin.script(`
      insert into ops.alerts (type, subject, severity, alert_rule_id, value, threshold, message, details, opened_as_of, last_as_of, job_run_id)
      select 'JOB_FAILING', 'cabinet.job-' || n, 'error', r.alert_rule_id, 3, 3, '', '{}', '2026-01-13', '2026-01-13', j.job_run_id
      from generate_series(1, ${ALERTS}) n cross join ops.job_runs j join ops.alert_rules r on r.type = 'JOB_FAILING' order by n`);
    const run = await startJob(
      database.admin.sql,
      cabinetDaily,
      job,
      job.request({ asOf: '2026-01-13' }),
      trigger(),
      { inline: false, codeVersion: 'test', dryRunByDefault: false },
    );
    jobRunId = run.jobRunId;
  });
  const attempt = (work = job) =>
    deliver(services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs')), work, jobRunId);
  const states = () =>
    ask(
      database.admin,
      `select status, error ->> 'code' from ops.job_runs where job_run_id = '${jobRunId}'
       union all select 'alerts open', count(*)::text from ops.alerts where status = 'open'
       union all select 'due', count(*)::text from ops.alert_publications where sent_at is null`,
    );
  const inOrder = Array.from({ length: ALERTS }, (_, index) => `alert-${index + 1}-${index + 1}`);

  test('all goes well: each once, in the order of the changes, the probe last', async () => {
    expect(await attempt()).toMatchObject({ kind: 'settled' });
    expect(sns.keys).toEqual([...inOrder, 'probe-1']);
    expect(await states()).toEqual(['succeeded | -', `alerts open | ${ALERTS}`, 'due | 0']);
  });

  test('SNS is down: the job is tried again, and the alerts stand as they are', async () => {
    sns.up = 0;
    expect(await attempt()).toMatchObject({ kind: 'again' });
    expect(await states()).toEqual(['queued | -', `alerts open | ${ALERTS}`, `due | ${ALERTS}`]);
    await attempt();
    expect(await attempt()).toMatchObject({ kind: 'settled' });
    expect(await states()).toEqual([
      'failed | SNS_UNREACHABLE',
      `alerts open | ${ALERTS}`,
      `due | ${ALERTS}`,
    ]);
    expect(sns.taken).toEqual([]);
    // A probe that did not get as far as SNS is one that did not arrive.
    expect(await ask(database.admin, 'select sent_at, arrived_at from ops.alert_probes')).toEqual(['- | -']);
    sns.up = Number.POSITIVE_INFINITY;
    const next = await runJob(database, job, { asOf: '2026-01-14' });
    expect(next.report).toMatchObject({ sent: ALERTS });
    expect(sns.keys).toEqual([...inOrder, 'probe-2']);
  });

  test.each([1, 9, 10, 11, 22, 23])(
    'SNS goes down after %i: what was sent is not sent again',
    async (taken) => {
      sns.up = taken;
      expect(await attempt()).toMatchObject({ kind: 'again' });
      expect(sns.keys).toEqual(inOrder.slice(0, taken));
      expect((await states())[2]).toBe(`due | ${ALERTS - taken}`);
      sns.up = Number.POSITIVE_INFINITY;
      expect(await attempt()).toMatchObject({ kind: 'settled' });
      expect(sns.keys).toEqual([...inOrder, 'probe-1']);
      expect(
        await ask(database.admin, `select report from ops.job_runs where job_run_id = '${jobRunId}'`),
      ).toEqual([`{"sent":${ALERTS},"would_be_sent":0,"probe_sent":true}`]);
    },
  );

  test('a crash between sending and noting it: sent again, with the same key and the same words', async () => {
    const work = database.connect('cuadre_jobs');
    let calls = 0;
    const dying = alertPublicationJob(() => ({
      async publish(notification) {
        const id = await sns.publish(notification);
        calls += 1;
        // In the second transaction: SNS has taken three of its messages when the connection is gone.
        if (calls === 13) {
          await database.admin.script(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
          );
        }
        return id;
      },
    }));
    const outcome = await deliver(services(work, database.connect('cuadre_jobs')), dying, jobRunId);
    expect(outcome).toMatchObject({ kind: 'again' });
    expect(sns.keys).toEqual(inOrder.slice(0, 13));
    expect((await states())[2]).toBe(`due | ${ALERTS - 10}`);
    await attempt();
    expect(sns.keys).toEqual([...inOrder.slice(0, 13), ...inOrder.slice(10), 'probe-1']);
    const [first, again] = sns.taken.filter(({ attributes }) => attributes['dedup_key'] === inOrder[10]);
    expect(again).toEqual(first);
    const kept = await ask(
      database.admin,
      'select count(*), count(distinct message_id) from ops.alert_publications where sent_at is not null',
    );
    expect(kept).toEqual([`${ALERTS} | ${ALERTS}`]);
  });

  test('a message that SNS will never take holds up no other, and the job says so', async () => {
    await database.admin.script(`
      insert into ops.alerts (type, subject, severity, alert_rule_id, value, threshold, message, details, opened_as_of, last_as_of, job_run_id)
      select 'JOB_UNSTABLE', 'cabinet.one', 'warning', r.alert_rule_id, 3, 3, '', '{}', '2026-01-13', '2026-01-13', j.job_run_id
      from (select job_run_id from ops.job_runs limit 1) j join ops.alert_rules r on r.type = 'JOB_UNSTABLE'`);
    sns.refuses.add('JOB_FAILING');
    expect(await attempt()).toMatchObject({ kind: 'settled' });
    expect(sns.keys).toEqual(['alert-24-24', 'probe-1']);
    expect(await states()).toEqual([
      'failed | PUBLICATION_REFUSED',
      `alerts open | ${ALERTS + 1}`,
      `due | ${ALERTS}`,
    ]);
  });

  test('two publications at once send each message once', async () => {
    const [, other] = await Promise.all([attempt(), runJob(database, job, { asOf: '2026-01-14' })]);
    expect(other.status).toBe('succeeded');
    expect(sns.keys.filter((key) => key.startsWith('alert-')).toSorted()).toEqual(inOrder.toSorted());
  });

  test('without a topic nothing is sent, nothing is lost, and no probe is missed', async () => {
    const failed = await runJob(database, alertPublication, { asOf: '2026-01-14' });
    expect(failed.error).toMatchObject({ code: 'NO_ALERT_TOPIC', kind: 'permanent' });
    expect(await ask(database.admin, 'select 1 from ops.alert_probes')).toEqual([]);
    expect((await states())[2]).toBe(`due | ${ALERTS}`);
  });
});
