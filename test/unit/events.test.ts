import { describe, expect, test } from 'vitest';
import { InputError } from '../../functions/core/errors.ts';
import { readEvent } from '../../functions/core/events.ts';

const record = {
  messageId: 'm-1',
  receiptHandle: 'r-1',
  body: '{}',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:cuadre-toy-first',
  attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1' },
};
const scheduleArn = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/cuadre-toy-daily';

function fieldsOf(event: unknown): string[] {
  try {
    readEvent(event);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ field }) => field);
    throw error;
  }
  return [];
}

describe('an event', () => {
  test('of a queue brings its records, with the count of receives as a number', () => {
    const event = readEvent({ Records: [record] });
    expect(event.from === 'queue' && event.records[0]?.attributes.ApproximateReceiveCount).toBe(2);
  });

  test('of a schedule says so, and is for real unless it says otherwise', () => {
    const event = readEvent({ source: 'schedule', scheduleArn, scheduledTime: '2026-01-13T07:00:00Z' });
    expect(event).toEqual({
      from: 'schedule',
      schedule: {
        source: 'schedule',
        scheduleArn,
        scheduledTime: '2026-01-13T07:00:00Z',
        dryRun: false,
        input: {},
      },
    });
  });

  test('of a person is its own input', () => {
    expect(readEvent({ limit: 10 })).toEqual({ from: 'invoke', input: { limit: 10 } });
    expect(readEvent({})).toEqual({ from: 'invoke', input: {} });
  });

  test.each([
    ['no records', { Records: [] }, ['Records']],
    [
      'a record of another service',
      { Records: [{ ...record, eventSource: 'aws:s3' }] },
      ['Records.0.eventSource'],
    ],
    ['a record without a body', { Records: [{ ...record, body: undefined }] }, ['Records.0.body']],
    [
      'placeholders that nobody resolved',
      {
        source: 'schedule',
        scheduleArn: '<aws.scheduler.schedule-arn>',
        scheduledTime: '<aws.scheduler.scheduled-time>',
      },
      ['scheduleArn', 'scheduledTime'],
    ],
    [
      'an unknown key beside a schedule',
      { source: 'schedule', scheduleArn, scheduledTime: '2026-01-13T07:00:00Z', asOf: 'x' },
      ['asOf'],
    ],
    ['another source', { source: 'aws.events' }, ['source', 'scheduleArn', 'scheduledTime']],
    ['no object', 'hello', ['event']],
    ['an array', [], ['event']],
    ['nothing', null, ['event']],
  ])('with %s is refused, naming the field', (_what, event, fields) => {
    expect(fieldsOf(event)).toEqual(fields);
  });
});
