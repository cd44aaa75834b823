import { expect, it } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import type { Assembly } from '../assembly.ts';
import { disturbances, hoursOf } from '../wall-clock.ts';

const schedule = z.strictObject({
  Name: z.string(),
  Description: z.string().min(1),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']),
  FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
  Target: z.strictObject({
    Arn: z.unknown(),
    RoleArn: z.unknown(),
    Input: z.string(),
    DeadLetterConfig: z.strictObject({ Arn: z.unknown() }),
    RetryPolicy: z.strictObject({
      // Less than a day: a night's run that starts the next evening reconciles the wrong state.
      MaximumEventAgeInSeconds: z.int().min(60).max(7200),
      MaximumRetryAttempts: z.int().min(1).max(20),
    }),
  }),
});

export function schedules(assembly: Assembly): void {
  const schedules = assembly
    .ofType('AWS::Scheduler::Schedule')
    .map((found) => ({ found, properties: schedule.parse(found.properties) }));

  it('has the declared ones, and the sweeper’s: every minute, off until a run is under way, and once a day', () => {
    expect(
      schedules.map(({ properties }) => [
        properties.Name,
        properties.ScheduleExpression,
        properties.ScheduleExpressionTimezone,
        properties.State,
      ]),
    ).toEqual([
      [
        `cuadre-${cabinetDaily.name}`,
        cabinetDaily.schedule.expression,
        cabinetDaily.schedule.timeZone,
        'ENABLED',
      ],
      ['cuadre-audit-seal', 'cron(30 6 * * ? *)', 'America/Lima', 'ENABLED'],
      ['cuadre-sweep', 'cron(* * * * ? *)', 'UTC', 'DISABLED'],
      ['cuadre-sweep-daily', 'cron(0 6 * * ? *)', 'America/Lima', 'ENABLED'],
    ]);
  });

  it('names the run by schedule and time, and says that it is not dry', () => {
    for (const { properties } of schedules) {
      expect(JSON.parse(properties.Target.Input)).toEqual({
        source: 'schedule',
        scheduleArn: '<aws.scheduler.schedule-arn>',
        scheduledTime: '<aws.scheduler.scheduled-time>',
        dryRun: false,
      });
    }
  });

  it('keeps what could not be delivered where what could not be handled is kept', () => {
    for (const { found, properties } of schedules) {
      const target = assembly.target(found, properties.Target.Arn);
      const deadLetters = assembly.target(found, properties.Target.DeadLetterConfig.Arn);
      expect(deadLetters.properties['QueueName']).toBe(`${String(target.properties['FunctionName'])}-dlq`);
    }
  });

  it('fires in no hour that its zone ever skips or repeats', () => {
    for (const { properties } of schedules) {
      const hours = hoursOf(properties.ScheduleExpression);
      expect(hours.length, properties.Name).toBeGreaterThan(0);
      const hit = disturbances(properties.ScheduleExpressionTimezone, 2000, 2040).filter((each) =>
        each.hours.some((hour) => hours.includes(hour)),
      );
      expect(hit, properties.Name).toEqual([]);
    }
  });
}
