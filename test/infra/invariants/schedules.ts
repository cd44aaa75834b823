import { expect, it } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { parseExpression } from '../../../functions/core/schedules/expression.ts';
import { schedulesOf } from '../../../functions/core/schedules/known.ts';
import { PATIENCE_MS } from '../../../functions/core/schedules/look.ts';
import { BEGINS_DEGRADED, TIMES_MISSED } from '../../../functions/core/schedules/messages.ts';
import { pipelines } from '../../../functions/pipelines.ts';
import { AUDIT_SEAL } from '../../../infra/constructs/audit-seals.ts';
import type { Assembly } from '../assembly.ts';
import { disturbances, hoursOf } from '../wall-clock.ts';
import { allowedBy } from './policies.ts';

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
      ['cuadre-audit-seal', 'cron(0 7 * * ? *)', 'America/Lima', 'ENABLED'],
      ['cuadre-sweep', 'cron(* * * * ? *)', 'UTC', 'DISABLED'],
      ['cuadre-sweep-daily', 'cron(30 6 * * ? *)', 'America/Lima', 'ENABLED'],
    ]);
  });

  it('lets the planner and the sweeper make schedules in the group of their pipeline, and nobody else', () => {
    const groups = assembly
      .ofType('AWS::Scheduler::ScheduleGroup')
      .map(({ properties }) => properties['Name']);
    expect(groups).toEqual(['cuadre-cabinet-once']);
    const may = (action: string) =>
      assembly
        .ofType('AWS::Lambda::Function')
        .filter(({ id }) => !id.startsWith('AWSCDKTrigger'))
        .flatMap((each) =>
          allowedBy(assembly, each, each.properties['Role'])
            .filter(({ actions }) => actions.includes(action))
            .flatMap(({ resource }) => (Array.isArray(resource) ? resource : [resource]))
            .map((resource) => [each.properties['FunctionName'], last(resource)]),
        )
        .toSorted();
    expect(may('scheduler:CreateSchedule')).toEqual([
      ['cuadre-cabinet-planner', ':schedule/cuadre-cabinet-once/*'],
      ['cuadre-sweeper', ':schedule/cuadre-cabinet-once/*'],
    ]);
    expect(may('scheduler:UpdateSchedule')).toEqual([
      ['cuadre-api-schedules', ':schedule/default/cuadre-cabinet-daily'],
      ['cuadre-sweeper', ':schedule/default/cuadre-cabinet-daily'],
      ['cuadre-sweeper', ':schedule/default/cuadre-sweep'],
    ]);
    expect(may('scheduler:DeleteSchedule')).toEqual([]);
    const letIn = assembly
      .ofType('AWS::IAM::Role')
      .map(({ properties }) => JSON.stringify(properties['AssumeRolePolicyDocument']))
      .filter((trust) => trust.includes('scheduler.amazonaws.com'))
      .map((trust) => [...trust.matchAll(/:schedule-group\/([\w-]+)/g)].map(([, group]) => group));
    expect(letIn).toEqual([['default', 'cuadre-cabinet-once'], ['default'], ['default']]);
  });

  it('raises an alarm when a time was missed, or a run began without its source', () => {
    const filter = z.object({ MetricTransformations: z.tuple([z.object({ MetricName: z.string() })]) });
    const counted = assembly
      .ofType('AWS::Logs::MetricFilter')
      .map(({ properties }) => [
        properties['LogGroupName'],
        properties['FilterPattern'],
        filter.parse(properties).MetricTransformations[0].MetricName,
      ]);
    expect(counted).toEqual(
      expect.arrayContaining([
        [
          '/aws/lambda/cuadre-cabinet-planner',
          `{ $.message = "${BEGINS_DEGRADED}" }`,
          'cabinet-planner-degraded',
        ],
        ['/aws/lambda/cuadre-sweeper', `{ $.message = "${TIMES_MISSED}" }`, 'schedule-missed'],
      ]),
    );
    for (const name of ['cabinet-planner-degraded', 'schedule-missed']) {
      const found = assembly
        .ofType('AWS::CloudWatch::Alarm')
        .find(({ properties }) => properties['AlarmName'] === `cuadre-${name}`);
      expect(found?.properties).toMatchObject({
        MetricName: name,
        Threshold: 1,
        TreatMissingData: 'notBreaching',
      });
    }
  });

  it('tells the sweeper and the API what the pipelines declare', () => {
    const told = assembly.ofType('AWS::Lambda::Function').flatMap(({ properties }) => {
      const { Variables } = z
        .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional() })
        .parse(properties).Environment ?? { Variables: {} };
      return 'SCHEDULES' in Variables
        ? [[properties['FunctionName'], joined(Variables['SCHEDULES'])] as const]
        : [];
    });
    expect(told.map(([name]) => name).toSorted()).toEqual(['cuadre-api-schedules', 'cuadre-sweeper']);
    for (const [, text] of told) {
      expect(schedulesOf({ SCHEDULES: text })).toEqual([
        {
          name: 'cuadre-cabinet-daily',
          arn: 'arn:x:scheduler:x:x:schedule/default/cuadre-cabinet-daily',
          pipeline: 'cabinet-daily',
          expression: cabinetDaily.schedule.expression,
          timeZone: cabinetDaily.schedule.timeZone,
          missed: cabinetDaily.schedule.missed,
          group: 'cuadre-cabinet-once',
        },
      ]);
    }
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

  it('sweeps in the morning when nothing of the night can still come, and seals after that', () => {
    const dueAfter = (name: string, instant: number): number => {
      const { ScheduleExpression, ScheduleExpressionTimezone: timeZone } =
        schedules.find(({ properties }) => properties.Name === `cuadre-${name}`)?.properties ?? {};
      if (ScheduleExpression === undefined || timeZone === undefined) throw new Error(`there is no ${name}`);
      return parseExpression(ScheduleExpression, { timeZone, origin: 0 })(instant) ?? Number.NaN;
    };
    const MINUTE = 60_000;
    for (const { name, freshness } of pipelines) {
      const due = dueAfter(name, Date.parse('2026-01-12T12:00:00Z'));
      // Scheduler fires within the minute, and a schedule is made for a full one.
      const waits = (freshness?.times ?? 0) * ((freshness?.postponeMinutes ?? 0) + 2) * MINUTE;
      const over = due + waits + PATIENCE_MS;
      const sweep = dueAfter('sweep-daily', due);
      expect(sweep, name).toBeGreaterThanOrEqual(over);
      expect(dueAfter(AUDIT_SEAL, due), name).toBeGreaterThan(sweep);
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

const join = z.strictObject({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });

/** A text with `x` for everything that is known only in the deployment. */
function joined(value: unknown): string {
  if (typeof value === 'string') return value;
  const found = join.safeParse(value).data;
  return found === undefined ? 'x' : found['Fn::Join'][1].map(joined).join('');
}

/** The end of an ARN, from what kind of thing it is. */
function last(resource: unknown): string {
  const text = joined(resource);
  return text.slice(text.lastIndexOf(':'));
}
