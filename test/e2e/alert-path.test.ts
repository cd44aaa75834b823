import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PROBE_TYPE } from '../../functions/cabinet/alert-message.ts';
import { type Night, settled, startNight, synthesized } from '../support/night.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:cuadre-alerts';
const line = z.strictObject({ line: z.string() });

/** Somebody subscribes a queue of theirs, as docs/deploy.md says. */
function subscribe({ stack }: Night): void {
  stack.queues.create('people', {
    VisibilityTimeout: 30,
    MessageRetentionPeriod: 345_600,
    DelaySeconds: 0,
    MaximumMessageSize: 1_048_576,
    ReceiveMessageWaitTimeSeconds: 0,
  });
  stack.queues.topics.subscribe(TOPIC, 'sqs', 'arn:aws:sqs:us-east-1:000000000000:people', {
    FilterPolicy: JSON.stringify({ type: [{ 'anything-but': [PROBE_TYPE] }] }),
  });
}

const envelope = z.looseObject({
  Subject: z.string(),
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.looseObject({ Value: z.string() })),
});
const inQueue = ({ stack }: Night) =>
  stack.queues.queue('people').messages.map(({ body }) => envelope.parse(JSON.parse(body)));

describe('the alert path of the whole stack', () => {
  let assembly: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ assembly, remove } = await synthesized());
  });
  afterAll(() => remove());

  test('ends at whoever has subscribed: every alert of the golden night once, and no probe', async () => {
    const night = await startNight({ assembly });
    subscribe(night);
    const ran = await night.run();
    expect(ran.document.status).toBe('succeeded');
    await night.stack.trail.waitFor('message.deleted', ({ queue }) => queue === 'cuadre-alert-probes');
    const told = inQueue(night);
    expect(told.map(({ Subject }) => Subject)).toEqual([
      '[advertencia] alerta nueva: GAPS_AVERAGE_AGE: 11.00 > 7',
      '[informacion] alerta nueva: IDENTITY_GAP_24H: 22 > 0',
      '[advertencia] alerta nueva: IDENTITY_GAP_7D: 160 > 0',
      '[advertencia] alerta nueva: LIMBO_NO_IDENTITY_THRESHOLD: 179 > 100',
      '[advertencia] alerta nueva: PCT_WITH_DRIVER_LAST_WEEK: 50.00 < 70',
      '[advertencia] alerta nueva: PCT_WITH_IDENTITY_LAST_WEEK: 50.00 < 80',
      '[advertencia] alerta nueva: PCT_WITH_IDENTITY_THRESHOLD: 78.92 < 80.0',
      '[advertencia] alerta nueva: PCT_WITH_SCOUT: 74.10 < 90',
      '[advertencia] alerta nueva: RAW_LEADS_STALE: 3 > 2',
      '[advertencia] alerta nueva: TRIPS_NO_CLAIM_PERSISTENT: 5 > 0',
    ]);
    expect(told[3]?.Message).toContain('Causa: Hay leads sin datos suficientes');
    expect(told[3]?.Message).toContain(`GET /api/v1/runs/${ran.document.run_id}`);
    expect(told[3]?.MessageAttributes['type']?.Value).toBe('LIMBO_NO_IDENTITY_THRESHOLD');
    const state = await night.admin.sql(line)`
      select concat_ws(' ', 'probe', sent_at is not null, arrived_at is not null) as line from ops.alert_probes
      union all select concat_ws(' ', 'due', count(*)) from ops.alert_publications where sent_at is null`;
    expect(state.map((row) => row.line)).toEqual(['probe t t', 'due 0']);
  });

  test('sends nothing twice when messages come twice', async () => {
    const night = await startNight({ assembly, disorder: { seed: 5, duplicates: 1, lateMs: 20 } });
    await night.run();
    await settled(night);
    const keys = night.stack.trail.all('topic.published').map(({ attributes }) => attributes['dedup_key']);
    expect(keys).toHaveLength(11);
    expect(new Set(keys).size).toBe(11);
  });
});
