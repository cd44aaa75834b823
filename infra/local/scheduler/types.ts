import * as z from 'zod';
import { inertProperty, tags, whole } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played, REGION } from '../assembly/types.ts';

export const schedule = played(
  'AWS::Scheduler::Schedule',
  z.strictObject({
    Name: z.string().optional(),
    GroupName: z.string().default('default'),
    Description: inertProperty('it is for the console'),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: z.string().default('UTC'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    StartDate: z.iso.datetime({ offset: true }).optional(),
    EndDate: z.iso.datetime({ offset: true }).optional(),
    ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
    FlexibleTimeWindow: z.strictObject({
      Mode: z.literal('OFF', 'a flexible time window is not played here: only OFF is'),
    }),
    KmsKeyArn: inertProperty('nothing is encrypted on 127.0.0.1'),
    Target: z.strictObject({
      Arn: z.string().startsWith('arn:aws:lambda:', 'only a function is played as a target'),
      RoleArn: z.string(),
      Input: z.string().default('{}'),
      RetryPolicy: z
        .strictObject({
          MaximumRetryAttempts: whole.min(0).max(185).default(185),
          MaximumEventAgeInSeconds: whole.min(60).max(86_400).default(86_400),
        })
        .default({ MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 }),
      DeadLetterConfig: z.strictObject({ Arn: z.string().startsWith('arn:aws:sqs:') }).optional(),
    }),
  }),
  (naming) => {
    const name = nameOf(naming, 'Name');
    const group = naming.property('GroupName') ?? 'default';
    return { ref: name, attributes: { Arn: scheduleArn(String(group), name) } };
  },
);

export const scheduleGroup = played(
  'AWS::Scheduler::ScheduleGroup',
  z.strictObject({ Name: z.string().optional(), Tags: tags }),
  (naming) => {
    const name = nameOf(naming, 'Name');
    const arn = `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule-group/${name}`;
    return { ref: name, attributes: { Arn: arn, State: 'ACTIVE' } };
  },
);

export function scheduleArn(group: string, name: string): string {
  return `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/${group}/${name}`;
}
