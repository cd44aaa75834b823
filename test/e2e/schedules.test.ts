import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { startLocalStack } from '../../infra/local/cli/local-stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { AS_OF, type Night, startNight, synthesized } from '../support/night.ts';

const NAME = 'cuadre-cabinet-daily';
const schedules = z.object({
  data: z.array(
    z.looseObject({
      name: z.string(),
      state: z.string(),
      next: z.string().nullable(),
      events: z.array(z.looseObject({ event: z.string(), scheduled_time: z.string() })),
    }),
  ),
});

async function listed({ urls }: Stack) {
  const answer = await fetch(`${urls.api}/api/v1/schedules`);
  expect(answer.status).toBe(200);
  return schedules.parse(await answer.json()).data[0];
}

async function post({ urls }: Stack, action: 'pause' | 'resume'): Promise<number> {
  const answer = await fetch(`${urls.api}/api/v1/schedules/${NAME}/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"reason": "works on the source"}',
  });
  return answer.status;
}

const run = z.strictObject({ as_of: z.iso.date(), trigger: z.record(z.string(), z.json()) });
const runs = (admin: Database) => admin.sql(run)`select as_of, trigger from ops.runs order by created_at`;

/** What the planner answered, once it is done. */
async function planned({ trail }: Stack, requestId: string | undefined): Promise<void> {
  await trail.waitFor('function.ended', (event) => event.requestId === requestId);
}

const sweep = (stack: Stack) => stack.invoke('cuadre-sweeper', { dryRun: false });

describe('schedules on the whole stack', () => {
  let assembly: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ assembly, remove } = await synthesized());
  });
  afterAll(() => remove());

  test('a pause survives a deployment that enables the schedule again', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'cuadre-state-'));
    onTestFinished(() => rmSync(stateDirectory, { recursive: true, force: true }));
    const before = await startLocalStack({ assembly, stateDirectory });
    expect(await post(before, 'pause')).toBe(200);
    expect(await listed(before)).toMatchObject({ name: NAME, state: 'paused', next: null });
    await before.stop();

    // The template anew, on the same database: its schedule is enabled, as after a change of it in CloudFormation.
    const after = await startLocalStack({ assembly, stateDirectory });
    onTestFinished(() => after.stop());
    expect(after.schedules().find(({ name }) => name === NAME)?.next).toBeInstanceOf(Date);
    const admin = connect({ url: after.databaseAs('postgres'), applicationName: 'test' });
    onTestFinished(() => admin.close());

    // Nothing runs, even if it fires before anybody has put it right.
    await planned(after, after.fireSchedule(NAME, new Date('2026-01-13T07:00:00Z')));
    expect(await runs(admin)).toEqual([]);
    expect(await listed(after)).toMatchObject({
      state: 'paused',
      next: null,
      events: [{ event: 'PAUSED', scheduled_time: '2026-01-13T07:00:00+00:00' }],
    });

    // The next sweep switches it off.
    expect((await sweep(after)).result).toMatchObject({
      schedules: { switched: 1 },
    });
    expect(after.schedules().find(({ name }) => name === NAME)?.next).toBeUndefined();

    expect(await post(after, 'resume')).toBe(200);
    expect(after.schedules().find(({ name }) => name === NAME)?.next).toBeInstanceOf(Date);
    await planned(after, after.fireSchedule(NAME, new Date('2026-01-14T07:00:00Z'), { postponed: 4 }));
    expect((await runs(admin)).map(({ as_of }) => as_of)).toEqual(['2026-01-14']);
  });

  test('a night whose source is not loaded waits for it, by a schedule that fires once', async () => {
    const night = await startNight({ assembly });
    const { stack, admin, clock } = night;
    await planned(stack, stack.fireSchedule(NAME, new Date('2026-01-15T07:00:00Z')));
    expect(await runs(admin)).toEqual([]);
    const waiting = stack.schedules().find(({ name }) => name === 'cabinet-daily-20260115T070000Z-p1');
    expect(waiting?.next?.getTime()).toBeGreaterThan(clock.now() + 28 * 60_000);
    await loaded(night, '2026-01-14');
    await clock.advance(32 * 60_000);
    await stack.trail.waitFor('message.sent', ({ queue }) => queue === 'cuadre-cabinet-payments-ingest');
    expect(await runs(admin)).toEqual([
      {
        as_of: '2026-01-15',
        trigger: {
          scheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/cuadre-cabinet-daily',
          scheduledTime: '2026-01-15T07:00:00Z',
          postponed: 1,
        },
      },
    ]);
    await stack.trail.waitFor(
      'schedule.deleted',
      (event) => event.schedule === 'cabinet-daily-20260115T070000Z-p1',
    );
    expect(stack.schedules().map(({ name }) => name)).not.toContain('cabinet-daily-20260115T070000Z-p1');
    expect((await listed(stack))?.events).toMatchObject([{ event: 'POSTPONED', ordinal: 1 }]);
  });

  test('a night that has waited long enough runs with what there is, and says so', async () => {
    const { stack, admin } = await startNight({ assembly });
    await planned(stack, stack.fireSchedule(NAME, new Date('2026-01-15T07:00:00Z'), { postponed: 4 }));
    expect(await runs(admin)).toMatchObject([
      { trigger: { postponed: 4, degraded: 'public.summary_daily has no trips of 2026-01-14' } },
    ]);
    expect(await listed(stack)).toMatchObject({
      last_run: { degraded: 'public.summary_daily has no trips of 2026-01-14' },
      events: [{ event: 'DEGRADED' }],
    });
  });

  test('a night that was missed is started by the sweeper, once, also when the original arrives late', async () => {
    const night = await startNight({ assembly });
    const { stack, admin, clock } = night;
    // As if the sweeper had seen to it three days ago, and nothing had been delivered since.
    await admin.sql`
      insert into ops.schedules (schedule, expression, time_zone, looked_until)
      values (${NAME}, 'cron(0 2 * * ? *)', 'America/Lima', now() - interval '3 days 2 hours')`;
    for (let day = 0; day < 4; day += 1) {
      const date = new Date(clock.now() - day * 86_400_000).toISOString().slice(0, 10);
      await loaded(night, date);
    }
    const { result } = await sweep(stack);
    expect(result).toMatchObject({ schedules: { missed: 3, restarted: 1 } });
    const [once] = stack.schedules().filter(({ name }) => name.endsWith('-missed'));
    expect(once?.next?.getTime()).toBeLessThanOrEqual(clock.now() + 121_000);
    await clock.advance(125_000);
    await stack.trail.waitFor('message.sent', ({ queue }) => queue === 'cuadre-cabinet-payments-ingest');
    const [started] = await runs(admin);
    expect(started?.trigger).toMatchObject({ missed: true });
    const late = String(started?.trigger['scheduledTime']);
    await planned(stack, stack.fireSchedule(NAME, new Date(late)));
    expect(await runs(admin)).toHaveLength(1);
    const events = (await listed(stack))?.events ?? [];
    expect(events.map(({ event }) => event).toSorted()).toEqual([
      'MISSED',
      'MISSED',
      'MISSED',
      'RESCHEDULED',
    ]);
  });

  test('a night that was missed and whose source is late waits for it as another does', async () => {
    const night = await startNight({ assembly });
    const { stack, admin, clock } = night;
    await admin.sql`
      insert into ops.schedules (schedule, expression, time_zone, looked_until)
      values (${NAME}, 'cron(0 2 * * ? *)', 'America/Lima', now() - interval '1 day 2 hours')`;
    expect((await sweep(stack)).result).toMatchObject({ schedules: { missed: 1, restarted: 1 } });
    const names = () =>
      stack
        .schedules()
        .map(({ name }) => name)
        .filter((name) => name.includes('-missed'));
    const [missed = ''] = names();
    await clock.advance(125_000);
    await stack.trail.waitFor('schedule.deleted', (event) => event.schedule === missed);
    expect([await runs(admin), names()]).toEqual([[], [`${missed}-p1`]]);
    const events = (await listed(stack))?.events ?? [];
    expect(events.map(({ event }) => event)).toEqual(['POSTPONED', 'RESCHEDULED', 'MISSED']);
  });

  test('the golden night does not wait', async () => {
    const night = await startNight({ assembly });
    const ran = await night.run();
    expect(ran.document).toMatchObject({ status: 'succeeded', as_of: AS_OF });
    expect(ran.document.trigger).not.toHaveProperty('postponed');
    expect((await listed(night.stack))?.events).toEqual([]);
  });
});

/** A trip of a day, as the upstream writes it. */
async function loaded({ admin }: Night, date: string): Promise<void> {
  await admin.sql`
    insert into public.summary_daily (driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at)
    values ('58818fd7e8a1015fa60ddd8f1d5ebb62', to_char(${date}::date, 'DD-MM-YYYY'), 1, 1500, now())`;
}
