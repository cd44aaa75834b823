import { beforeEach, describe, expect, test } from 'vitest';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { ARRIVED, PROBE_TYPE } from '../../../functions/cabinet/alert-message.ts';
import { recordArrivals } from '../../../functions/cabinet/alert-probes.ts';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import type { QueueRecord } from '../../../functions/core/events.ts';
import { createLog } from '../../../functions/core/log.ts';
import { ownDatabase, type TestDatabase, versions } from '../../support/database.ts';
import { FakeNotifier } from '../../support/notifier.ts';
import { runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

describe.each(versions)('probes of the alert path on PostgreSQL %i', (version) => {
  let database: TestDatabase;
  let sns: FakeNotifier;
  let lines: string[];
  beforeEach(async () => {
    sns = new FakeNotifier();
    lines = [];
    database = await ownDatabase({ version });
  });
  const evaluate = async (asOf: string) => {
    const { decisions } = await runJob(database, alertEvaluation, { asOf });
    const found = decisions.find(({ subject }) => subject === 'ALERT_PATH_SILENT');
    return [found?.decision, found?.reason, found?.detail].filter(Boolean).join(' ');
  };
  const probe = (asOf: string) =>
    runJob(
      database,
      alertPublicationJob(() => sns),
      { asOf },
    );
  /** Everything so far happened that much earlier. */
  const later = (minutes: number) =>
    database.admin.script(`
      set session_replication_role = replica;
      update ops.alert_probes set created_at = created_at - interval '${minutes} minutes';
      set session_replication_role = origin`);
  const record = (messageId: string, body: string): QueueRecord => ({
    messageId,
    receiptHandle: 'r',
    body,
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:cuadre-alert-probes',
    attributes: { ApproximateReceiveCount: 1 },
  });
  const enveloped = (key: string) =>
    JSON.stringify({
      Type: 'Notification',
      Message: '...',
      MessageAttributes: {
        type: { Type: 'String', Value: PROBE_TYPE },
        dedup_key: { Type: 'String', Value: key },
      },
    });
  const arrive = (...records: QueueRecord[]) =>
    recordArrivals(
      database.connect('cuadre_jobs'),
      records,
      createLog({ write: (line) => lines.push(line) }),
    );
  const arrivals = () =>
    ask(
      database.admin,
      'select probe_id, sent_at is not null, arrived_at is not null from ops.alert_probes order by 1',
    );

  test('one that arrives keeps the path quiet', async () => {
    await probe('2026-01-10');
    const key = sns.keys.at(-1) ?? '';
    expect(await arrive(record('m', enveloped(key)))).toEqual({ batchItemFailures: [] });
    expect(await arrivals()).toEqual(['1 | true | true']);
    await later(24 * 60);
    expect(await evaluate('2026-01-11')).toBe('QUIET');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ message: ARRIVED, key, again: false }]);
  });

  test('one that does not is missed by the next night, until one arrives again', async () => {
    await probe('2026-01-10');
    await later(24 * 60);
    expect(await evaluate('2026-01-11')).toBe('TRIGGERED OPENED error');
    await probe('2026-01-11');
    await later(24 * 60);
    expect(await evaluate('2026-01-12')).toBe('TRIGGERED UPDATED error');
    expect(
      await ask(database.admin, "select value from ops.alerts where type = 'ALERT_PATH_SILENT'"),
    ).toEqual(['2']);
    await probe('2026-01-12');
    await arrive(record('m', enveloped('probe-3')));
    await later(24 * 60);
    expect(await evaluate('2026-01-13')).toBe('QUIET RESOLVED');
  });

  test.each([
    [14, 'QUIET'],
    [16, 'TRIGGERED OPENED error'],
  ])('%i minutes after it was sent: %s', async (minutes, verdict) => {
    await probe('2026-01-10');
    await later(minutes);
    expect(await evaluate('2026-01-10')).toBe(verdict);
  });

  test('the first night of all misses nothing', async () => {
    expect(await evaluate('2026-01-10')).toBe('QUIET');
  });

  test('one that arrives twice, or before its sender has noted that it was sent, is recorded once', async () => {
    const early = alertPublicationJob(() => ({
      async publish(notification) {
        const key = notification.attributes['dedup_key'] ?? '';
        if (key.startsWith('probe-')) await arrive(record('m', enveloped(key)));
        return sns.publish(notification);
      },
    }));
    const ran = await runJob(database, early, { asOf: '2026-01-10' });
    expect(ran.status).toBe('succeeded');
    expect(await arrivals()).toEqual(['1 | true | true']);
    const [first] = await ask(database.admin, 'select arrived_at from ops.alert_probes');
    await arrive(record('again', enveloped('probe-1')));
    expect(await ask(database.admin, 'select arrived_at from ops.alert_probes')).toEqual([first]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ again: false }, { again: true }]);
  });

  test('what is no probe is named as failed, and the others of its batch are recorded', async () => {
    await probe('2026-01-10');
    const alert = JSON.stringify({
      MessageAttributes: { type: { Value: 'GAPS_TOTAL' }, dedup_key: { Value: 'alert-1-1' } },
    });
    const answer = await arrive(
      record('text', 'hello'),
      record('alert', alert),
      record('sql', enveloped("probe-1'; drop table ops.alert_probes")),
      record('probe', enveloped('probe-1')),
    );
    expect(answer).toEqual({
      batchItemFailures: [{ itemIdentifier: 'text' }, { itemIdentifier: 'alert' }, { itemIdentifier: 'sql' }],
    });
    expect(await arrivals()).toEqual(['1 | true | true']);
  });
});
