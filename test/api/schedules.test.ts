import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { ScheduleParts } from '../../functions/api/schedule-document.ts';
import { schedulesList } from '../../functions/api/schedules-list.ts';
import { schedulesPause, schedulesResume } from '../../functions/api/schedules-pause.ts';
import type { Endpoint } from '../../functions/core/http.ts';
import { lookAt } from '../../functions/core/schedules/look.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf, httpEvent } from '../support/http.ts';
import { testQueues } from '../support/queues.ts';
import { fires, originalInput, type Scheduled, scheduled, silentLog } from '../support/scheduled.ts';
import { toyQueues } from '../support/toy.ts';

const database = testDatabase();
const sqs = testQueues(toyQueues);
let environment: Environment;
let of: Scheduled;
let parts: ScheduleParts;

beforeAll(() => {
  environment = environmentOf(database, 'cuadre_operator');
});
beforeEach(() => {
  of = scheduled();
  parts = {
    scheduler: of.scheduler,
    schedules: () => [of.schedule],
    now: () => new Date('2026-01-12T12:00:00Z'),
  };
});

/** A request as the gateway signs it for a person. */
function requestOf(person: string, endpoint: Endpoint, reason: string, name = of.schedule.name) {
  const event = httpEvent(endpoint, {
    path: { name },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason }),
  });
  Object.assign(event.requestContext, { authorizer: { iam: { userArn: person } } });
  return event;
}

async function as(
  person: string,
  endpoint: Endpoint,
  reason = 'works on the source',
  name = of.schedule.name,
) {
  const event = requestOf(person, endpoint, reason, name);
  const { statusCode, body = '' } = await endpoint.handle(event, { environment, log: silentLog });
  return { status: statusCode, body: JSON.parse(body) };
}
const pause = (person = 'ana', reason?: string) => as(person, schedulesPause(parts), reason);
const resume = (person = 'ana', reason?: string) => as(person, schedulesResume(parts), reason);

const listed = z.object({ data: z.array(z.looseObject({ name: z.string() })) });
async function list() {
  const { status, body } = await call(schedulesList(parts), environment);
  expect(status).toBe(200);
  return listed.parse(body).data[0];
}

const action = z.strictObject({ line: z.string() });
async function actions(): Promise<string[]> {
  const rows = await database.admin.sql(action)`
    select concat_ws(' ', operator, action, reason) as line from ops.operator_actions where subject = ${of.schedule.name} order by action_id`;
  return rows.map(({ line }) => line);
}

describe('GET /api/v1/schedules', () => {
  test('has each schedule with its expression, zone, state, next time and last run', async () => {
    expect(await list()).toEqual({
      name: of.schedule.name,
      pipeline: of.pipeline.name,
      expression: 'cron(0 2 * * ? *)',
      time_zone: 'America/Lima',
      missed: 'last',
      state: 'enabled',
      applied: true,
      next: '2026-01-13T07:00:00Z',
      last_change: null,
      last_run: null,
      events: [],
    });
    const control = database.connect('cuadre_jobs');
    for (const date of ['2026-01-12', '2026-01-11']) {
      await fires(of, originalInput(of, date), { control, queues: sqs.queues, now: '2026-01-12T08:00:00Z' });
    }
    expect(await list()).toMatchObject({
      last_run: {
        as_of: '2026-01-12',
        status: 'running',
        scheduled_time: '2026-01-12T07:00:00Z',
        degraded: null,
      },
    });
  });

  test('says of a schedule that was switched off by hand, or is gone, what it is', async () => {
    of.scheduler.on.set(of.schedule.name, false);
    expect(await list()).toMatchObject({ state: 'disabled', next: null });
    of.scheduler.on.clear();
    expect(await list()).toMatchObject({ state: 'gone', next: null });
  });

  test('is a 503 while EventBridge does not answer', async () => {
    of.scheduler.refuse = () => 'before';
    expect((await call(schedulesList(parts), environment)).status).toBe(503);
  });
});

describe('a pause', () => {
  test('switches the schedule off, and keeps who, when and why', async () => {
    const { status, body } = await pause();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: of.schedule.name,
      state: 'paused',
      applied: true,
      next: null,
      last_change: { operator: 'ana', reason: 'works on the source' },
    });
    expect(of.scheduler.on.get(of.schedule.name)).toBe(false);
    expect(await list()).toEqual(body);
    expect(await actions()).toEqual(['ana PAUSE works on the source']);
  });

  test('and a resumption are two entries, and the schedule is due again', async () => {
    await pause();
    const { status, body } = await resume('ben', 'the source is back');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'enabled',
      next: '2026-01-13T07:00:00Z',
      last_change: { operator: 'ben' },
    });
    expect(of.scheduler.on.get(of.schedule.name)).toBe(true);
    expect(await actions()).toEqual(['ana PAUSE works on the source', 'ben RESUME the source is back']);
  });

  test('of a paused schedule by somebody else is refused with who paused it, when and why', async () => {
    await pause();
    const second = await pause('ben', 'another thing');
    expect(second).toMatchObject({ status: 409, body: { code: 'SCHEDULE_PAUSED' } });
    expect(second.body.detail).toMatch(
      new RegExp(
        `^${of.schedule.name} is paused already, by ana on 20.* \\(works on the source\\): resume it first`,
      ),
    );
    expect(await resume('ben').then(() => resume('ana'))).toMatchObject({
      status: 409,
      body: { code: 'SCHEDULE_NOT_PAUSED', detail: expect.stringContaining('was resumed already, by ben') },
    });
    expect(await actions()).toHaveLength(2);
  });

  test('by two people at once is one pause, and one is told of the other', async () => {
    const other = { ...environment, control: database.connect('cuadre_operator') };
    const endpoint = schedulesPause(parts);
    const both = await Promise.all([
      pause(),
      endpoint.handle(requestOf('ben', endpoint, 'another thing'), { environment: other, log: silentLog }),
    ]);
    const statuses = [both[0].status, both[1].statusCode];
    expect(statuses.toSorted()).toEqual([200, 409]);
    expect(await actions()).toHaveLength(1);
    expect(of.scheduler.on.get(of.schedule.name)).toBe(false);
  });

  test('and a resumption that comes while EventBridge is being told are applied one after the other', async () => {
    const other = { ...environment, control: database.connect('cuadre_operator') };
    const endpoint = schedulesResume(parts);
    const event = httpEvent(endpoint, {
      path: { name: of.schedule.name },
      headers: { 'content-type': 'application/json' },
      body: '{"reason": "no, go on"}',
    });
    const waiting = z.strictObject({ waiting: z.int() });
    let resumed: Promise<unknown> | undefined;
    of.scheduler.meanwhile = async (asked) => {
      if (asked !== `switch ${of.schedule.name} off`) return;
      let over = false;
      resumed = endpoint.handle(event, { environment: other, log: silentLog }).finally(() => {
        over = true;
      });
      // Until the resumption waits for this pause, or has gone past it.
      for (let blocked = 0; blocked === 0 && !over; ) {
        const [row] = await database.admin.sql(waiting)`
          select count(*)::integer as waiting from pg_stat_activity where wait_event_type = 'Lock' and query like '%ops.know_schedule%'`;
        blocked = row?.waiting ?? 0;
      }
    };
    expect(await pause()).toMatchObject({ status: 200 });
    expect(await resumed).toMatchObject({ statusCode: 200 });
    const [state] = await database.admin.sql(z.strictObject({ paused: z.boolean(), applied: z.boolean() }))`
      select paused, applied_at is not null as applied from ops.schedules where schedule = ${of.schedule.name}`;
    expect([state, of.scheduler.on.get(of.schedule.name)]).toEqual([{ paused: false, applied: true }, true]);
  });

  test.each(['before', 'after'] as const)(
    'that EventBridge does not take (%s it did) is in force all the same, and the same request finishes it',
    async (refusal) => {
      of.scheduler.refuse = (asked) => (asked.startsWith('switch') ? refusal : undefined);
      const first = await pause();
      expect(first.status).toBe(503);
      expect(first.body.detail).toContain(
        'the pause is recorded and in force: nothing starts by the schedule',
      );
      expect(await list()).toMatchObject({ state: 'paused', applied: false, next: null });
      const control = database.connect('cuadre_jobs');
      expect(
        await fires(of, originalInput(of, '2026-01-12'), {
          control,
          queues: sqs.queues,
          now: '2026-01-12T07:00:02Z',
        }),
      ).toMatchObject({ held: 'paused' });
      of.scheduler.refuse = () => undefined;
      expect(await pause()).toMatchObject({ status: 200, body: { state: 'paused', applied: true } });
      expect(await actions()).toEqual(['ana PAUSE works on the source']);
      expect(of.scheduler.on.get(of.schedule.name)).toBe(false);
    },
  );

  test('is recorded while EventBridge cannot even be asked, and leaves what is known of the schedule', async () => {
    const known = z.strictObject({ line: z.string() });
    const row = async () => {
      const [found] = await database.admin.sql(known)`
        select concat_ws(' ', expression, time_zone, to_char(looked_until at time zone 'UTC', 'DD HH24:MI')) as line
        from ops.schedules where schedule = ${of.schedule.name}`;
      return found?.line;
    };
    of.scheduler.refuse = () => 'before';
    expect((await pause()).body.detail).toContain('the pause is recorded and in force');
    // Nothing was known of it: a day back, as any sweep would.
    expect(await row()).toBe('cron(0 2 * * ? *) America/Lima 11 12:00');
    parts = { ...parts, schedules: () => [{ ...of.schedule, expression: 'cron(0 3 * * ? *)' }] };
    expect((await pause()).status).toBe(503);
    expect(await row()).toBe('cron(0 2 * * ? *) America/Lima 11 12:00');
    of.scheduler.refuse = () => undefined;
    of.scheduler.changedAt = new Date('2026-01-12T10:00:00Z');
    expect((await pause()).status).toBe(200);
    expect(await row()).toBe('cron(0 3 * * ? *) America/Lima 12 10:00');
    expect(await actions()).toEqual(['ana PAUSE works on the source']);
  });

  test.each([true, false])('leaves what was missed before it to be told (paused: %s)', async (paused) => {
    const control = database.connect('cuadre_jobs');
    // Made at noon of the day before: 02:00, which is 07:00Z, was missed.
    of.scheduler.createdAt = new Date('2026-01-11T17:00:00Z');
    parts = { ...parts, now: () => new Date('2026-01-12T08:00:00Z') };
    if (paused) {
      await pause();
      await resume();
    }
    const told = await lookAt([of.schedule], {
      control,
      scheduler: of.scheduler,
      log: silentLog,
      now: new Date('2026-01-12T11:00:00Z'),
    });
    expect(told).toMatchObject({ missed: 1, restarted: 1 });
  });

  test('that did not get through is finished by who comes second, who is told of it', async () => {
    of.scheduler.refuse = (asked) => (asked.startsWith('switch') ? 'before' : undefined);
    await pause();
    of.scheduler.refuse = () => undefined;
    expect((await pause('ben', 'another thing')).status).toBe(409);
    expect(await list()).toMatchObject({ state: 'paused', applied: true, last_change: { operator: 'ana' } });
  });
});

describe('a resumption', () => {
  test('of what was never paused is refused', async () => {
    expect(await resume()).toMatchObject({
      status: 409,
      body: {
        code: 'SCHEDULE_NOT_PAUSED',
        detail: `${of.schedule.name} is not paused: there is nothing to resume`,
      },
    });
  });

  test('switches on what was switched off by hand', async () => {
    of.scheduler.on.set(of.schedule.name, false);
    expect(await resume()).toMatchObject({ status: 200, body: { state: 'enabled' } });
    expect(await actions()).toEqual(['ana RESUME works on the source']);
  });

  test('that EventBridge does not take is finished by the same request, however often it is said, as one entry', async () => {
    await pause();
    of.scheduler.refuse = (asked) => (asked.startsWith('switch') ? 'before' : undefined);
    for (const _ of [1, 2]) {
      const { status, body } = await resume('ana', 'moved');
      expect(status).toBe(503);
      expect(body.detail).toContain('the resumption is recorded');
    }
    of.scheduler.refuse = () => undefined;
    expect((await resume('ana', 'moved')).status).toBe(200);
    expect(await actions()).toEqual(['ana PAUSE works on the source', 'ana RESUME moved']);
  });

  test('by two people at once is one, and the other is told of it', async () => {
    await pause();
    const other = { ...environment, control: database.connect('cuadre_operator') };
    const endpoint = schedulesResume(parts);
    // Both have seen the schedule off before either has done anything.
    let seen = 0;
    let both = () => {};
    const together = new Promise<void>((resolve) => {
      both = resolve;
    });
    of.scheduler.meanwhile = async (asked) => {
      if (!asked.startsWith('describe') || seen >= 2) return;
      seen += 1;
      if (seen === 2) both();
      await together;
    };
    const [anas, bens] = await Promise.all([
      resume('ana', 'moved'),
      endpoint.handle(requestOf('ben', endpoint, 'another thing'), { environment: other, log: silentLog }),
    ]);
    expect([anas.status, bens.statusCode].toSorted()).toEqual([200, 409]);
    expect(await actions()).toHaveLength(2);
    expect(of.scheduler.on.get(of.schedule.name)).toBe(true);
  });

  test('while EventBridge cannot even be asked does nothing', async () => {
    await pause();
    of.scheduler.refuse = () => 'before';
    const answer = await resume();
    expect(answer.status).toBe(503);
    expect(answer.body.detail).toContain('nothing was done');
    expect(await actions()).toHaveLength(1);
  });
});

test('an unknown schedule, no reason, or more than a reason is refused by name', async () => {
  const unknown = await as('ana', schedulesPause(parts), 'why', 'cuadre-other');
  expect(unknown).toMatchObject({ status: 404, body: { code: 'UNKNOWN_SCHEDULE' } });
  expect((await pause('ana', ' ')).body.problems).toMatchObject([
    { field: 'body.reason', rule: 'must say why' },
  ]);
});
