import * as z from 'zod';
import { InputError } from './errors.ts';
import { parse } from './input.ts';

/** The three shapes in which work reaches a function; what is neither of the first two is a person's own input. */
export type Event =
  | { readonly from: 'queue'; readonly records: readonly QueueRecord[] }
  | { readonly from: 'schedule'; readonly schedule: ScheduleEvent }
  | { readonly from: 'invoke'; readonly input: unknown };

const queueRecord = z.object({
  messageId: z.string().min(1),
  receiptHandle: z.string().min(1),
  body: z.string(),
  eventSource: z.literal('aws:sqs'),
  eventSourceARN: z.string().min(1),
  attributes: z.looseObject({ ApproximateReceiveCount: z.coerce.number().int().min(1) }),
});

export type QueueRecord = z.infer<typeof queueRecord>;

const scheduleEvent = z.strictObject({
  source: z.literal('schedule'),
  scheduleArn: z
    .string()
    .regex(/^arn:/, 'must be the ARN that Scheduler puts for <aws.scheduler.schedule-arn>'),
  scheduledTime: z.iso.datetime({
    offset: true,
    error: 'must be the instant that Scheduler puts for <aws.scheduler.scheduled-time>',
  }),
  dryRun: z.boolean().default(false),
  input: z.record(z.string(), z.json()).default({}),
  /** How often its run has been put off. Only the schedules that fire once in another's stead say so. */
  postponed: z.int().min(1).max(24).optional(),
  /** The time had been missed. */
  missed: z.literal(true).optional(),
});

export type ScheduleEvent = z.infer<typeof scheduleEvent>;

/** @throws InputError for an event that pretends to be one of the platform's and is not whole. */
export function readEvent(event: unknown): Event {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new InputError([{ field: 'event', value: event, rule: 'must be a JSON object; {} is a dry run' }]);
  }
  if ('Records' in event) {
    const { Records } = parse(
      z.object({ Records: z.array(queueRecord).min(1, 'must hold at least one record') }),
      event,
    );
    return { from: 'queue', records: Records };
  }
  if ('source' in event) return { from: 'schedule', schedule: parse(scheduleEvent, event) };
  return { from: 'invoke', input: event };
}
