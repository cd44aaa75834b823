import { expect } from 'vitest';
import { describeCrashes } from '../support/crash/describe-crashes.ts';
import {
  degradedNight,
  lateNight,
  missedAndLateNight,
  missedNight,
  pausedNight,
} from '../support/crash/scheduled-nights.ts';
import type { Whole } from '../support/crash/stopped-nights.ts';

const extent = { sample: 2, pairs: 1, allPairs: 50, rescues: ['the message'] as const };

function expectSteps({ points }: Whole, process: string, steps: readonly string[]): void {
  for (const when of steps.flatMap((step) => [`before ${step}`, `after ${step}`]))
    expect(points).toContainEqual(expect.stringContaining(`${process}: ${when}`));
}

const linesOf = ({ lines }: Whole, relation: string) => lines.get(relation)?.join('\n') ?? '';

describeCrashes('a source that is late', lateNight, extent, (night) => {
  expectSteps(night, 'planner', ['once', 'select ready, detail from', 'send']);
  expect(night.told).toEqual([
    'cuadre-toy-daily is on',
    'once toy-daily-20260112T070000Z-p1',
    'once toy-daily-20260112T070000Z-p2',
    'sweep is off',
  ]);
  expect(linesOf(night, 'ops.runs')).toContain('"postponed": 2');
  expect(linesOf(night, 'ops.runs')).not.toContain('degraded');
});

describeCrashes('a source that never comes', degradedNight, extent, (night) => {
  expectSteps(night, 'planner', ['once', 'select ops.record_schedule_event']);
  expect(linesOf(night, 'ops.runs')).toContain('"degraded": "nothing was loaded for 2026-01-12"');
  expect(linesOf(night, 'ops.schedule_events')).toContain('DEGRADED');
});

describeCrashes('missed times', missedNight, extent, (night) => {
  expectSteps(night, 'sweeper', ['describe', 'select missed, paused, waiting', 'once', 'commit']);
  expect(night.told).toContain('once toy-daily-20260112T070000Z-missed');
  expect(linesOf(night, 'ops.runs')).toContain('"missed": true');
  expect(linesOf(night, 'ops.schedule_events').match(/"MISSED"/g)).toHaveLength(2);
});

describeCrashes('a missed time whose source is late', missedAndLateNight, extent, (night) => {
  expectSteps(night, 'planner', ['once', 'select ops.record_schedule_event', 'send']);
  expect(night.told).toEqual([
    'cuadre-toy-daily is on',
    'once toy-daily-20260112T070000Z-missed',
    'once toy-daily-20260112T070000Z-missed-p1',
    'once toy-daily-20260112T070000Z-missed-p2',
    'sweep is off',
  ]);
  expect(linesOf(night, 'ops.runs')).toContain('"missed": true, "postponed": 2');
  expect(linesOf(night, 'ops.runs')).not.toContain('degraded');
});

describeCrashes('a pause that a deployment undid', pausedNight, { ...extent, runs: 0 }, (night) => {
  expectSteps(night, 'sweeper', ['describe', 'disable']);
  expect(night.told).toEqual(['cuadre-toy-daily is off', 'sweep is off']);
  expect(linesOf(night, 'ops.schedule_events')).toContain('PAUSED');
});
