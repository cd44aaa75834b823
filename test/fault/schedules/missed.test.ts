import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { readEvent } from '../../../functions/core/events.ts';
import { scheduleTrigger } from '../../../functions/core/job-handler.ts';
import { createLog } from '../../../functions/core/log.ts';
import { plan } from '../../../functions/core/planner.ts';
import { applyPause } from '../../../functions/core/schedules/apply.ts';
import { lookAt } from '../../../functions/core/schedules/look.ts';
import { TIMES_MISSED } from '../../../functions/core/schedules/messages.ts';
import { type TestDatabase, testDatabase, versions } from '../../support/database.ts';
import { testQueues } from '../../support/queues.ts';
import {
  fires as fire,
  invocation,
  night,
  originalInput,
  pauses,
  type Scheduled,
  scheduled,
  silentLog,
} from '../../support/scheduled.ts';
import { toyQueues } from '../../support/toy.ts';

const at = (text: string) => new Date(text);
const given = scheduled;
type Given = Scheduled;
const original = originalInput;

const event = z.strictObject({ line: z.string() });
async function events({ admin }: TestDatabase, { schedule }: Given): Promise<string[]> {
  const rows = await admin.sql(event)`
    select concat_ws(' ', event, to_char(scheduled_time at time zone 'UTC', 'MM-DD HH24:MI'), '-> ' || to_char(again_at at time zone 'UTC', 'MM-DD HH24:MI')) as line
    from ops.schedule_events where schedule = ${schedule.name} order by event_id`;
  return rows.map(({ line }) => line);
}

describe.each(versions)('due times of which nothing came, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const sqs = testQueues(toyQueues);
  let control: Database;
  beforeAll(() => {
    control = database.connect('cuadre_jobs');
  });

  const look = ({ schedule, scheduler }: Given, now: string, through = control) =>
    lookAt([schedule], { control: through, scheduler, log: silentLog, now: at(now) });
  /** The schedule was made a moment ago: nothing that was due before is missed. */
  async function meet(of: Given, now: string) {
    of.scheduler.createdAt = at(now);
    expect(await look(of, now)).toMatchObject({ missed: 0, paused: 0, restarted: 0 });
  }
  const fires = (of: Given, input: unknown) =>
    fire(of, input, { control, queues: sqs.queues, now: '2026-01-20T00:00:00Z' });
  const runs = z.strictObject({ as_of: z.iso.date(), trigger: z.record(z.string(), z.json()) });
  const runsOf = ({ schedule }: Given) =>
    database.admin.sql(
      runs,
    )`select as_of, trigger from ops.runs where pipeline = ${schedule.pipeline} order by as_of`;

  test('are found by the next sweep, and the last is started once, through the planner, for its own date', async () => {
    const of = given();
    await meet(of, '2026-01-10T11:00:00Z');
    expect(await look(of, '2026-01-12T11:00:00Z')).toEqual({
      switched: 0,
      missed: 2,
      paused: 0,
      restarted: 1,
    });
    expect(await events(database, of)).toEqual([
      'MISSED 01-11 07:00',
      'MISSED 01-12 07:00 -> 01-12 11:01',
      'RESCHEDULED 01-12 07:00 -> 01-12 11:01',
    ]);
    expect([...of.scheduler.made.values()]).toMatchObject([
      {
        name: `${of.schedule.pipeline}-20260112T070000Z-missed`,
        group: 'cuadre-toy-once',
        of: of.schedule.name,
        at: at('2026-01-12T11:01:00Z'),
      },
    ]);
    const [name = ''] = of.scheduler.made.keys();
    await fires(of, of.scheduler.fire(name));
    // The original, delivered late after all: nothing starts twice.
    await fires(of, original(of, '2026-01-12'));
    expect(await runsOf(of)).toEqual([
      {
        as_of: '2026-01-12',
        trigger: { scheduleArn: of.schedule.arn, scheduledTime: night('2026-01-12'), missed: true },
      },
    ]);
    expect(await look(of, '2026-01-12T23:00:00Z')).toEqual({
      switched: 0,
      missed: 0,
      paused: 0,
      restarted: 0,
    });
  });

  test('before a schedule was first met are nobody’s: not of the day before yesterday, not of before it was made', async () => {
    const old = given();
    expect(await look(old, '2026-01-12T11:00:00Z')).toMatchObject({ missed: 1 });
    expect(await events(database, old)).toContain('MISSED 01-12 07:00 -> 01-12 11:01');
    const young = given();
    young.scheduler.createdAt = at('2026-01-12T07:30:00Z');
    expect(await look(young, '2026-01-12T11:00:00Z')).toMatchObject({ missed: 0, restarted: 0 });
  });

  test('of an expression that has changed are not those of the old one', async () => {
    const of = given();
    await meet(of, '2026-01-10T09:00:00Z');
    const changed = { ...of, schedule: { ...of.schedule, expression: 'cron(30 5 * * ? *)' } };
    // Its creation stays what it was.
    changed.scheduler.changedAt = at('2026-01-11T12:00:00Z');
    expect(await look(changed, '2026-01-11T13:00:00Z')).toMatchObject({ missed: 0 });
    expect(await look(changed, '2026-01-12T13:00:00Z')).toMatchObject({ missed: 1 });
    expect(await events(database, changed)).toEqual([
      'MISSED 01-12 10:30 -> 01-12 13:01',
      'RESCHEDULED 01-12 10:30 -> 01-12 13:01',
    ]);
  });

  test('are left alone as long as Scheduler or Lambda may still deliver them', async () => {
    const of = given();
    await meet(of, '2026-01-11T09:00:00Z');
    expect(await look(of, '2026-01-12T08:59:00Z')).toMatchObject({ missed: 0 });
    expect(await look(of, '2026-01-12T09:00:00Z')).toMatchObject({ missed: 1, restarted: 1 });
  });

  test('are not those that have their run', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    await fires(of, original(of, '2026-01-12'));
    expect(await look(of, '2026-01-12T11:00:00Z')).toMatchObject({ missed: 0 });
    expect(await events(database, of)).toEqual([]);
  });

  test.each([
    ['none' as const, [] as string[]],
    // The newest due time of all has its run: a night of before adds nothing to it.
    ['last' as const, []],
    [{ allUpTo: 2 }, ['20260113T070000Z', '20260114T070000Z']],
    [{ allUpTo: 9 }, ['20260111T070000Z', '20260113T070000Z', '20260114T070000Z']],
  ])('under the policy %j are started: %j', async (missed, started) => {
    const of = given({ missed });
    await meet(of, '2026-01-10T11:00:00Z');
    await fires(of, original(of, '2026-01-12'));
    await fires(of, original(of, '2026-01-15'));
    expect(await look(of, '2026-01-15T11:00:00Z')).toMatchObject({ missed: 3, restarted: started.length });
    expect(
      [...of.scheduler.made.values()].map(({ name, at: due }) => [name.split('-')[2], due.getTime()]),
    ).toEqual(started.map((time, index) => [time, Date.parse('2026-01-15T11:01:00Z') + index * 60_000]));
  });

  test('in a pause are recorded and neither missed nor started', async () => {
    const of = given({ missed: { allUpTo: 5 } });
    await meet(of, '2026-01-10T11:00:00Z');
    await database.admin.transaction(async (sql) => {
      await sql`
        insert into ops.operator_actions (operator, action, subject, reason, acted_at) values
          ('ana', 'PAUSE', ${of.schedule.name}, 'works', '2026-01-11T12:00:00Z'), ('ana', 'RESUME', ${of.schedule.name}, 'done', '2026-01-13T12:00:00Z')`;
    });
    expect(await look(of, '2026-01-14T11:00:00Z')).toMatchObject({ missed: 2, paused: 2, restarted: 2 });
    expect((await events(database, of)).slice(0, 4)).toEqual([
      'MISSED 01-11 07:00 -> 01-14 11:01',
      'PAUSED 01-12 07:00',
      'PAUSED 01-13 07:00',
      'MISSED 01-14 07:00 -> 01-14 11:02',
    ]);
  });

  test('of a schedule that somebody switched off by hand are told and not started', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    of.scheduler.on.set(of.schedule.name, false);
    expect(await look(of, '2026-01-12T11:00:00Z')).toEqual({
      switched: 0,
      missed: 1,
      paused: 0,
      restarted: 0,
    });
    of.scheduler.on.set(of.schedule.name, true);
    expect(await look(of, '2026-01-12T12:00:00Z')).toMatchObject({ missed: 0, restarted: 0 });
  });

  /** Both at a time of the test's; the ledger's own clock is the machine's. */
  async function pausedFrom({ schedule }: Given, from: string, to?: string): Promise<void> {
    const acts = [['PAUSE', from] as const, ...(to === undefined ? [] : [['RESUME', to] as const])];
    for (const [action, acted] of acts) {
      await database.admin.sql`
        with act as (
          insert into ops.operator_actions (operator, action, subject, reason, acted_at)
          values ('ana', ${action}, ${schedule.name}, 'works', ${acted}::timestamptz) returning action_id
        )
        update ops.schedules set paused = ${action === 'PAUSE'}, action_id = act.action_id, applied_at = null
        from act where schedule = ${schedule.name}`;
    }
  }

  test('while a resumption has not reached EventBridge are started by the policy', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    await pausedFrom(of, '2026-01-11T12:00:00Z', '2026-01-11T20:00:00Z');
    of.scheduler.on.set(of.schedule.name, false);
    expect(await look(of, '2026-01-12T11:00:00Z')).toEqual({
      switched: 1,
      missed: 1,
      paused: 0,
      restarted: 1,
    });
    expect(of.scheduler.on.get(of.schedule.name)).toBe(true);
  });

  test('before a pause, and found during it, are started once it is over', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    await pausedFrom(of, '2026-01-12T08:00:00Z');
    of.scheduler.on.set(of.schedule.name, false);
    expect(await look(of, '2026-01-12T11:00:00Z')).toMatchObject({ missed: 1, restarted: 0 });
    await pausedFrom(of, '2026-01-12T08:00:00Z', '2026-01-12T11:30:00Z');
    expect(await look(of, '2026-01-12T12:00:00Z')).toMatchObject({ switched: 1, missed: 0, restarted: 1 });
    expect([...of.scheduler.made.values()]).toMatchObject([{ at: at('2026-01-12T12:01:00Z') }]);
  });

  test('are started a minute apart, oldest first, also when they are started again', async () => {
    const of = given({ missed: { allUpTo: 2 } });
    await meet(of, '2026-01-10T11:00:00Z');
    const { made } = of.scheduler;
    const started = () => [...made.values()].map(({ name, at: due }) => [name.split('-')[2], due]);
    expect(await look(of, '2026-01-12T11:00:00Z')).toMatchObject({ restarted: 2 });
    for (const name of [...made.keys()]) of.scheduler.fire(name);
    expect(await look(of, '2026-01-12T14:00:00Z')).toMatchObject({ restarted: 2 });
    expect(started()).toEqual([
      ['20260111T070000Z', at('2026-01-12T14:01:00Z')],
      ['20260112T070000Z', at('2026-01-12T14:02:00Z')],
    ]);
  });

  test('whose restarts come to nothing are started three times, and told once more', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    const lines: string[] = [];
    const log = createLog({ write: (text) => lines.push(text) });
    const found: unknown[] = [];
    const { schedule, scheduler } = of;
    for (const hour of ['11:00', '13:00', '13:01', '15:01', '17:01', '17:02', '17:03', '20:00', '23:00']) {
      const { restarted } = await lookAt([schedule], {
        control,
        scheduler,
        log,
        now: at(`2026-01-12T${hour}:00Z`),
      });
      found.push([hour, restarted]);
      for (const name of [...scheduler.made.keys()]) scheduler.fire(name);
    }
    expect(found).toEqual([
      ['11:00', 1],
      // Made for 11:01, it may come until 13:01.
      ['13:00', 0],
      ['13:01', 1],
      ['15:01', 0],
      ['17:01', 1],
      ['17:02', 0],
      ['17:03', 0],
      ['20:00', 0],
      ['23:00', 0],
    ]);
    expect(scheduler.calls.filter((call) => call.startsWith('once'))).toEqual(
      ['missed', 'missed-2', 'missed-3'].map((why) => `once ${schedule.pipeline}-20260112T070000Z-${why}`),
    );
    expect(lines.filter((line) => line.includes(TIMES_MISSED)).map((line) => JSON.parse(line))).toMatchObject(
      [{ missed: 1 }, { missed: 1, scheduledTime: night('2026-01-12') }],
    );
    const [last] = (await events(database, of)).slice(-1);
    expect(last).toBe('MISSED 01-12 07:00');
  });

  test('of a schedule that is gone are nobody’s, and keep no other from being looked at', async () => {
    const [gone, there] = [given(), given()];
    there.scheduler.on.delete(gone.schedule.name);
    const both = [gone.schedule, there.schedule];
    const result = await lookAt(both, {
      control,
      scheduler: there.scheduler,
      log: silentLog,
      now: at('2026-01-12T11:00:00Z'),
    });
    expect(result).toMatchObject({ missed: 1 });
  });

  test('found by two sweepers at once are recorded and started once', async () => {
    const of = given({ missed: { allUpTo: 3 } });
    await meet(of, '2026-01-10T11:00:00Z');
    const other = database.connect('cuadre_jobs');
    const both = await Promise.all([
      look(of, '2026-01-12T11:00:00Z'),
      look(of, '2026-01-12T11:00:00Z', other),
    ]);
    expect(both.reduce((sum, { missed }) => sum + missed, 0)).toBe(2);
    expect(of.scheduler.made.size).toBe(2);
    expect((await events(database, of)).filter((line) => line.startsWith('RESCHEDULED'))).toHaveLength(2);
  });

  test.each(['before', 'after'] as const)(
    'whose schedule could not be made (%s it was) are started by the next sweep, once',
    async (refusal) => {
      const of = given();
      await meet(of, '2026-01-11T11:00:00Z');
      of.scheduler.refuse = (call) => (call.startsWith('once') ? refusal : undefined);
      await expect(look(of, '2026-01-12T11:00:00Z')).rejects.toMatchObject({ code: 'SCHEDULER' });
      expect(await events(database, of)).toEqual(['MISSED 01-12 07:00 -> 01-12 11:01']);
      of.scheduler.refuse = () => undefined;
      expect(await look(of, '2026-01-12T11:30:00Z')).toMatchObject({ missed: 0, restarted: 1 });
      expect(of.scheduler.made.size).toBe(1);
      expect(await look(of, '2026-01-12T11:40:00Z')).toMatchObject({ restarted: 0 });
      const [name = ''] = of.scheduler.made.keys();
      await fires(of, of.scheduler.fire(name));
      expect(await runsOf(of)).toHaveLength(1);
    },
  );

  test('that were started while the answer was lost are not started again', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    of.scheduler.refuse = (call) => (call.startsWith('once') ? 'after' : undefined);
    await expect(look(of, '2026-01-12T11:00:00Z')).rejects.toMatchObject({ code: 'SCHEDULER' });
    const [name = ''] = of.scheduler.made.keys();
    await fires(of, of.scheduler.fire(name));
    of.scheduler.refuse = () => undefined;
    // It has fired and is gone: making it anew would fire it again, to no effect.
    expect(await look(of, '2026-01-12T11:30:00Z')).toMatchObject({ restarted: 0 });
    expect(await runsOf(of)).toHaveLength(1);
  });

  test('have the key that the planner gives its runs', async () => {
    const of = given();
    const read = readEvent(original(of, '2026-01-12'));
    if (read.from !== 'schedule') throw new Error('not of a schedule');
    const [row] = await database.admin.sql(z.strictObject({ key: z.string() }))`
      select ops.schedule_key(${of.schedule.arn}, ${night('2026-01-12')}::timestamptz) as key`;
    expect(row?.key).toBe(scheduleTrigger(read.schedule).key);
  });

  test('stay recorded: what became of a time can be neither changed nor deleted', async () => {
    const of = given();
    await look(of, '2026-01-12T11:00:00Z');
    for (const harm of [
      database.admin
        .sql`update ops.schedule_events set event = 'PAUSED' where schedule = ${of.schedule.name}`,
      database.admin.sql`delete from ops.schedule_events where schedule = ${of.schedule.name}`,
      database.admin.sql`truncate ops.schedule_events`,
    ]) {
      await expect(harm).rejects.toThrow('history');
    }
  });

  test('a pause that a deployment undid is applied again, and a resumption that got lost too', async () => {
    const of = given();
    await meet(of, '2026-01-11T11:00:00Z');
    const operator = database.connect('cuadre_operator');
    const { name } = of.schedule;
    const pause = (paused: boolean) => pauses(operator, of.schedule, paused, '2026-01-11T11:00:00Z');
    await pause(true);
    const met = at('2026-01-11T11:00:00Z');
    await applyPause(operator, of.scheduler, of.schedule, { met, changed: met });
    expect(of.scheduler.on.get(name)).toBe(false);
    of.scheduler.on.set(name, true);
    expect(await look(of, '2026-01-11T12:00:00Z')).toMatchObject({ switched: 1 });
    expect(of.scheduler.on.get(name)).toBe(false);
    await pause(false);
    expect(await look(of, '2026-01-11T12:30:00Z')).toMatchObject({ switched: 1 });
    expect(of.scheduler.on.get(name)).toBe(true);
    expect(await look(of, '2026-01-11T12:40:00Z')).toMatchObject({ switched: 0 });
  });

  test('a person’s start is no due time: it neither waits nor counts', async () => {
    const of = given();
    const now = at(night('2026-01-12'));
    await plan(
      of.pipeline,
      { asOf: '2026-01-12', dryRun: false, input: {} },
      { kind: 'invoke', key: `by hand ${version}`, detail: {}, due: now, now },
      invocation(control),
      sqs.queues,
    );
    await meet(of, '2026-01-11T11:00:00Z');
    expect(await look(of, '2026-01-12T11:00:00Z')).toMatchObject({ missed: 1 });
  });
});
