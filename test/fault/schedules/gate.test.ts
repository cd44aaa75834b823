import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import type { Database } from '../../../functions/core/database.ts';
import { planScheduled } from '../../../functions/core/planner-handler.ts';
import { lookAt } from '../../../functions/core/schedules/look.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { testQueues } from '../../support/queues.ts';
import {
  fires as fire,
  invocation,
  originalInput,
  pauses,
  type Scheduled,
  scheduled,
  silentLog,
} from '../../support/scheduled.ts';
import { toyQueues } from '../../support/toy.ts';

const freshness = { ready: 'public.toy_ready', postponeMinutes: 30, times: 2 };
const DAY = '2026-01-12';
const line = z.strictObject({ line: z.string() });

describe.each(versions)('before a scheduled run, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const sqs = testQueues(toyQueues);
  let control: Database;

  beforeAll(async () => {
    await database.admin.script(`
      create table public.toy_loaded (day date);
      create function public.toy_ready(p_as_of date, out ready boolean, out detail text) language sql stable as $$
        select exists (select from public.toy_loaded where day = p_as_of), 'nothing was loaded for ' || p_as_of
      $$;
      grant select on public.toy_loaded to cuadre_jobs;`);
    control = database.connect('cuadre_jobs');
  });

  const given = (times = freshness.times) => scheduled({}, { freshness: { ...freshness, times } });
  const fires = (of: Scheduled, input: unknown, now: string) =>
    fire(of, input, { control, queues: sqs.queues, now });
  const load = (day: string) => database.admin.sql`insert into public.toy_loaded values (${day}::date)`;
  const unload = () => database.admin.sql`truncate public.toy_loaded`;
  const look = ({ schedule, scheduler }: Scheduled, now: string) =>
    lookAt([schedule], { control, scheduler, log: silentLog, now: new Date(now) });
  async function told({ schedule }: Scheduled): Promise<string[]> {
    const rows = await database.admin.sql(line)`
      select concat_ws(' ', event, nullif(ordinal, 0), '-> ' || to_char(again_at at time zone 'UTC', 'HH24:MI'), nullif(detail, '')) as line
      from ops.schedule_events where schedule = ${schedule.name} order by event_id`;
    return rows.map((row) => row.line);
  }
  async function runs({ pipeline }: Scheduled): Promise<string[]> {
    const rows = await database.admin.sql(line)`
      select concat_ws(' ', as_of, trigger - 'scheduleArn') as line from ops.runs where pipeline = ${pipeline.name} order by as_of`;
    return rows.map((row) => row.line);
  }

  test('a source that is ready lets it begin at once', async () => {
    await load(DAY);
    const of = given();
    expect(await fires(of, originalInput(of, DAY), `${DAY}T07:00:02Z`)).toMatchObject({ created: true });
    expect(await runs(of)).toEqual([`${DAY} {"scheduledTime": "${DAY}T07:00:00Z"}`]);
    expect([of.scheduler.calls, await told(of)]).toEqual([[], []]);
    await unload();
  });

  test('one that is not ready puts it off, under the original time, until it is', async () => {
    const of = given();
    expect(await fires(of, originalInput(of, DAY), `${DAY}T07:00:02Z`)).toEqual({
      pipeline: of.pipeline.name,
      scheduledTime: `${DAY}T07:00:00Z`,
      held: 'postponed',
      again: `${DAY}T07:31:00.000Z`,
      why: `nothing was loaded for ${DAY}`,
    });
    expect(await runs(of)).toEqual([]);
    const name = `${of.pipeline.name}-20260112T070000Z-p1`;
    expect(of.scheduler.made.get(name)).toMatchObject({
      of: of.schedule.name,
      group: of.schedule.group,
      at: new Date(`${DAY}T07:31:00Z`),
      input: { ...originalInput(of, DAY), postponed: 1 },
    });
    await load(DAY);
    await fires(of, of.scheduler.fire(name), `${DAY}T07:31:00Z`);
    expect(await runs(of)).toEqual([`${DAY} {"postponed": 1, "scheduledTime": "${DAY}T07:00:00Z"}`]);
    expect(await told(of)).toEqual([`POSTPONED 1 -> 07:31 nothing was loaded for ${DAY}`]);
    await unload();
  });

  test('at most so many times; then it begins with what there is, and says so', async () => {
    const of = given();
    await fires(
      of,
      { ...originalInput(of, DAY), input: { 'toy.first': { note: 'kept' } } },
      `${DAY}T07:00:02Z`,
    );
    await fires(of, of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-p1`), `${DAY}T07:31:00Z`);
    await fires(of, of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-p2`), `${DAY}T08:02:00Z`);
    expect(of.scheduler.made.size).toBe(0);
    expect(await runs(of)).toEqual([
      `${DAY} {"degraded": "nothing was loaded for ${DAY}", "postponed": 2, "scheduledTime": "${DAY}T07:00:00Z"}`,
    ]);
    expect(await told(of)).toEqual([
      `POSTPONED 1 -> 07:31 nothing was loaded for ${DAY}`,
      `POSTPONED 2 -> 08:01 nothing was loaded for ${DAY}`,
      `DEGRADED nothing was loaded for ${DAY}`,
    ]);
    // What the schedule was to give its jobs came along.
    const [input] = await database.admin.sql(line)`
      select input #>> '{toy.first,note}' as line from ops.runs where pipeline = ${of.pipeline.name}`;
    expect(input?.line).toBe('kept');
  });

  test('whatever is delivered twice, and in whatever order, there is one run', async () => {
    const of = given();
    const first = originalInput(of, DAY);
    await fires(of, first, `${DAY}T07:00:02Z`);
    await fires(of, first, `${DAY}T07:00:40Z`);
    expect(of.scheduler.made.size).toBe(1);
    const second = of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-p1`);
    await load(DAY);
    await fires(of, second, `${DAY}T07:31:00Z`);
    await unload();
    // Late copies, while the source looks empty again: the run is there, and nothing is put off.
    await fires(of, second, `${DAY}T07:32:00Z`);
    await fires(of, first, `${DAY}T07:33:00Z`);
    expect([of.scheduler.made.size, (await runs(of)).length, (await told(of)).length]).toEqual([0, 1, 1]);
  });

  test.each(['before', 'after'] as const)(
    'when Scheduler refuses (%s it was made), the planner’s own repetition makes the same postponement',
    async (refusal) => {
      const of = given();
      of.scheduler.refuse = () => refusal;
      await expect(fires(of, originalInput(of, DAY), `${DAY}T07:00:02Z`)).rejects.toMatchObject({
        code: 'SCHEDULER',
      });
      of.scheduler.refuse = () => undefined;
      expect(await fires(of, originalInput(of, DAY), `${DAY}T07:01:30Z`)).toMatchObject({
        again: `${DAY}T07:31:00.000Z`,
      });
      expect(of.scheduler.made.size).toBe(1);
      expect(await told(of)).toHaveLength(1);
    },
  );

  test('when it was never made, the sweeper finds the time missed; while it waits, it does not', async () => {
    const of = given();
    of.scheduler.createdAt = new Date(`${DAY}T00:00:00Z`);
    of.scheduler.refuse = (call) => (call.startsWith('once') ? 'before' : undefined);
    await expect(fires(of, originalInput(of, DAY), `${DAY}T07:00:02Z`)).rejects.toMatchObject({
      code: 'SCHEDULER',
    });
    of.scheduler.refuse = () => undefined;
    // Two hours after the time itself; the postponement, to 07:31, may still be delivered.
    expect(await look(of, `${DAY}T09:10:00Z`)).toMatchObject({ missed: 0, restarted: 0 });
    expect(await look(of, `${DAY}T09:31:00Z`)).toMatchObject({ missed: 1, restarted: 1 });
    await load(DAY);
    await fires(of, of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-missed`), `${DAY}T09:33:00Z`);
    // It had been put off once, which counts.
    expect(await runs(of)).toEqual([
      `${DAY} {"missed": true, "postponed": 1, "scheduledTime": "${DAY}T07:00:00Z"}`,
    ]);
    expect(await look(of, `${DAY}T12:00:00Z`)).toMatchObject({ missed: 0, restarted: 0 });
    await unload();
  });

  /** Missed at 07:00, found at 11:00. */
  async function missed(of: Scheduled): Promise<string> {
    of.scheduler.createdAt = new Date(`${DAY}T00:00:00Z`);
    expect(await look(of, `${DAY}T11:00:00Z`)).toMatchObject({ missed: 1, restarted: 1 });
    return `${of.pipeline.name}-20260112T070000Z-missed`;
  }

  test('a missed time whose source is not ready is put off although EventBridge still has the schedule that fired', async () => {
    const of = given();
    const name = await missed(of);
    await fires(of, of.scheduler.fire(name), `${DAY}T11:01:01Z`);
    expect([...of.scheduler.made.keys()]).toEqual([`${name}-p1`]);
    await fires(of, of.scheduler.fire(`${name}-p1`), `${DAY}T11:32:00Z`);
    expect([...of.scheduler.made.keys()]).toEqual([`${name}-p2`]);
    await fires(of, of.scheduler.fire(`${name}-p2`), `${DAY}T12:03:00Z`);
    expect(await runs(of)).toEqual([
      `${DAY} {"missed": true, "degraded": "nothing was loaded for ${DAY}", "postponed": 2, "scheduledTime": "${DAY}T07:00:00Z"}`,
    ]);
  });

  test('a missed time whose postponement was never made is started again by a later sweep, and waits no more often', async () => {
    const of = given();
    const input = of.scheduler.fire(await missed(of));
    of.scheduler.refuse = (call) => (call.startsWith('once') ? 'before' : undefined);
    for (const minute of ['01', '02', '04']) {
      await expect(fires(of, input, `${DAY}T11:${minute}:00Z`)).rejects.toMatchObject({ code: 'SCHEDULER' });
    }
    of.scheduler.refuse = () => undefined;
    // Put off to 11:31, it may come until 13:31.
    expect(await look(of, `${DAY}T13:30:00Z`)).toMatchObject({ restarted: 0 });
    expect(await look(of, `${DAY}T13:31:00Z`)).toMatchObject({ missed: 0, restarted: 1 });
    const again = `${of.pipeline.name}-20260112T070000Z-missed-2`;
    await fires(of, of.scheduler.fire(again), `${DAY}T13:33:00Z`);
    await fires(of, of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-missed-p2`), `${DAY}T14:04:00Z`);
    expect(await told(of)).toEqual([
      'MISSED -> 11:01',
      'RESCHEDULED 1 -> 11:01',
      `POSTPONED 1 -> 11:31 nothing was loaded for ${DAY}`,
      'RESCHEDULED 2 -> 13:32',
      `POSTPONED 2 -> 14:03 nothing was loaded for ${DAY}`,
      `DEGRADED nothing was loaded for ${DAY}`,
    ]);
    expect(await look(of, '2026-01-13T06:00:00Z')).toMatchObject({ restarted: 0 });
  });

  test('a night that is lost at its last postponement is found the same morning', async () => {
    const { times, postponeMinutes } = cabinetDaily.freshness;
    const of = given(times);
    expect(postponeMinutes).toBe(freshness.postponeMinutes);
    of.scheduler.createdAt = new Date(`${DAY}T00:00:00Z`);
    await fires(of, originalInput(of, DAY), `${DAY}T07:00:59Z`);
    for (let ordinal = 1; ordinal < times; ordinal += 1) {
      const name = `${of.pipeline.name}-20260112T070000Z-p${ordinal}`;
      const at = of.scheduler.made.get(name)?.at.getTime() ?? Number.NaN;
      await fires(of, of.scheduler.fire(name), new Date(at + 59_000).toISOString());
    }
    of.scheduler.fire(`${of.pipeline.name}-20260112T070000Z-p${times}`);
    // 06:30 in Lima: the daily sweep.
    expect(await look(of, `${DAY}T11:30:00Z`)).toMatchObject({ missed: 1, restarted: 1 });
  });

  test('a paused schedule starts nothing, whatever EventBridge has it do, and its time is no missed one', async () => {
    const of = given();
    await load(DAY);
    const { name } = of.schedule;
    const operator = database.connect('cuadre_operator');
    const pause = (paused: boolean) => pauses(operator, of.schedule, paused, `${DAY}T00:00:00Z`);
    await pause(true);
    expect(await fires(of, originalInput(of, DAY), `${DAY}T07:00:02Z`)).toMatchObject({
      held: 'paused',
      again: null,
      why: `${name} is paused`,
    });
    expect(await runs(of)).toEqual([]);
    await pause(false);
    expect(await look(of, `${DAY}T12:00:00Z`)).toMatchObject({ missed: 0, restarted: 0 });
    expect(await told(of)).toEqual([`PAUSED ${name} is paused`]);
    await unload();
  });

  test('a dry run is neither held up nor recorded', async () => {
    const of = given();
    expect(await fires(of, { ...originalInput(of, DAY), dryRun: true }, `${DAY}T07:00:02Z`)).toMatchObject({
      dryRun: true,
      created: true,
    });
    expect(await told(of)).toEqual([]);
  });

  test('a planner without a group for it cannot postpone, and says so', async () => {
    const of = given();
    await expect(
      planScheduled(
        of.pipeline,
        {
          source: 'schedule',
          scheduleArn: of.schedule.arn,
          scheduledTime: `${DAY}T07:00:00Z`,
          dryRun: false,
          input: {},
        },
        invocation(control),
        sqs.queues,
        { scheduler: of.scheduler, group: undefined, now: new Date(`${DAY}T07:00:02Z`) },
      ),
    ).rejects.toMatchObject({ code: 'NO_ONCE_GROUP' });
  });
});
