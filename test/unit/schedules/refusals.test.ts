import { describe, expect, test } from 'vitest';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { scheduleProblems } from '../../../functions/core/schedules/due-times.ts';
import { onceOf } from '../../../functions/core/schedules/once.ts';
import { pipelines } from '../../../functions/pipelines.ts';
import { assertSchedules } from '../../../infra/declared-schedules.ts';
import { toyPipeline } from '../../support/toy.ts';

const NOW = Date.parse('2026-01-13T12:00:00Z');
type Declared = Pick<Pipeline, 'name' | 'schedule' | 'freshness'>;
const lima = (expression: string, more: object = {}): Declared => ({
  name: 'toy-daily',
  schedule: { expression, timeZone: 'America/Lima', ...more },
});

describe('a schedule', () => {
  test('of ours is in order', () => {
    expect(() => assertSchedules(pipelines, Date.now())).not.toThrow();
  });

  test.each([
    [
      lima('cron(0 0 31 2 ? *)'),
      'schedule.expression: cron(0 0 31 2 ? *) in America/Lima is never due after 2026-01-13T12:00:00Z',
    ],
    [lima('cron(0 0 31 4,6,9,11 ? *)'), 'is never due after'],
    [lima('cron(0 2 * * ? 2020-2025)'), 'is never due after'],
    [
      lima('at(2026-01-13T06:59:59)'),
      'schedule.expression: at(2026-01-13T06:59:59) in America/Lima is never due after',
    ],
    // 02:30 does not exist on that night.
    [
      {
        name: 'toy-daily',
        schedule: { expression: 'at(2026-03-08T02:30:00)', timeZone: 'America/New_York' },
      },
      'it must name a date and a time that are still to come',
    ],
    [
      { name: 'toy-daily', schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'Mars/Olympus' } },
      'schedule: Mars/Olympus is not a time zone: an IANA name such as America/Lima is expected',
    ],
    [
      { name: 'toy-daily', schedule: { expression: 'cron(0 2 * * ? *)', timeZone: '-05:00' } },
      '-05:00 is not a time zone',
    ],
    [
      { ...lima('cron(0 2 * * ? *)'), name: 'n'.repeat(37) },
      `name: must be 1 to 36 letters, digits and any of - _ ., got ${'n'.repeat(37)}`,
    ],
    [
      { ...lima('cron(0 2 * * ? *)'), name: 'toy daily' },
      'name: must be 1 to 36 letters, digits and any of - _ ., got toy daily',
    ],
    [
      lima('cron(0 25 * * ? *)'),
      'the field hours must be *, values, ranges, steps or lists of 0 to 23, got 25',
    ],
    [lima('rate(1 day)', { missed: 'last' }), "schedule.missed: must be 'none' with rate(1 day)"],
    [
      lima('cron(0 2 * * ? *)', { missed: { allUpTo: 0 } }),
      'schedule.missed.allUpTo: must be a whole number from 1 to 31, got 0',
    ],
    [
      { ...lima('cron(0 2 * * ? *)'), freshness: { ready: 'drop table', postponeMinutes: 30, times: 4 } },
      'freshness.ready: must be the name of a SQL function as schema.name, got drop table',
    ],
    [
      { ...lima('cron(0 2 * * ? *)'), freshness: { ready: 'a.b', postponeMinutes: 0.5, times: 25 } },
      'freshness.times: must be a whole number from 1 to 24, got 25',
    ],
  ])('%j is refused by a sentence', (declared, sentence) => {
    expect(scheduleProblems(declared, NOW).join('\n')).toContain(sentence);
  });

  test.each([
    lima('cron(0 0 29 2 ? *)'),
    lima('at(2026-01-13T07:00:00)'),
    lima('rate(5 minutes)'),
    { ...lima('rate(5 minutes)'), name: 'n'.repeat(36) },
    lima('cron(0 2 * * ? *)', { missed: { allUpTo: 31 } }),
    { ...lima('cron(0 2 * * ? *)'), freshness: { ready: 'a.b', postponeMinutes: 1, times: 1 } },
  ])('%j is taken', (declared) => {
    expect(scheduleProblems(declared, NOW)).toEqual([]);
  });

  test('has the longest name with which its longest one-off schedule still has one', () => {
    const event = {
      scheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/cuadre-toy',
      scheduledTime: '2026-01-12T07:00:00Z',
      missed: true,
      postponed: 24,
    } as const;
    const where = { group: 'cuadre-toy-once', at: new Date(NOW) };
    expect(onceOf(event, { ...where, pipeline: 'n'.repeat(36) }).name).toHaveLength(64);
    expect(() => onceOf(event, { ...where, pipeline: 'n'.repeat(37) })).toThrow('name: must be 1 to 36');
  });

  test('that is wrong stops the synthesis, naming its pipeline', () => {
    const wrong = { ...toyPipeline, ...lima('cron(0 0 30 2 ? *)') };
    expect(() => assertSchedules([toyPipeline, wrong], NOW)).toThrow(
      /^pipeline toy-daily: schedule\.expression: cron\(0 0 30 2 \? \*\)/,
    );
  });
});
