import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { graphOf } from '../../functions/core/pipeline.ts';
import {
  atRest,
  attemptsOf,
  contested,
  inTheMiddleOfTheClaims,
  remains,
  settled,
  startNight,
  synthesized,
} from '../support/night.ts';

const jobs = Object.keys(graphOf(cabinetDaily)).map((job) => job.replace('.', '-'));

/** Every night here ends as the undisturbed one: the same claims, decisions, reports and states. */
describe('a night on the whole stack', () => {
  let assembly: string;
  let remove: () => Promise<void>;
  let undisturbed: readonly string[];
  let claim: z.infer<typeof contested>;

  beforeAll(async () => {
    ({ assembly, remove } = await synthesized());
  });
  afterAll(() => remove());

  test('undisturbed: fires, chains through the queues, and inserts 25 claims', async () => {
    const night = await startNight({ assembly });
    const ran = await night.run();
    undisturbed = await remains(night);
    const [, inserted] = [...(ran.decisions.get('cabinet.claims-reconcile') ?? [])];
    claim = contested.parse(inserted?.evidence);
    expect(ran.document.status).toBe('succeeded');
    expect(night.stack.counts.refused).toBe(0);
    expect(undisturbed.filter((line) => line.startsWith('claim '))).toHaveLength(30);
    expect(undisturbed.filter((line) => line.includes(' INSERTED '))).toHaveLength(25);
    expect(undisturbed.filter((line) => line.startsWith('finding '))).toEqual([]);
    await night.stack.trail.waitFor('message.deleted', ({ queue }) => queue === 'cuadre-alert-probes');
    const since = ran.trail[0]?.sequence ?? 0;
    const path = night.stack.trail.events.flatMap((event) =>
      event.kind === 'function.invoked' && event.sequence >= since
        ? [`${event.function} by ${event.by}`]
        : [],
    );
    expect(path).toEqual([
      'cuadre-cabinet-planner by schedule cuadre-cabinet-daily',
      ...jobs.map((job) => `cuadre-${job} by queue cuadre-${job}`),
      'cuadre-alert-probes by queue cuadre-alert-probes',
    ]);
    expect((await fetch(`${night.stack.urls.api}/api/v1/runs`)).status).toBe(200);
  });

  test.each([1, 2])('with messages twice, late and out of order (seed %i)', async (seed) => {
    const night = await startNight({ assembly, disorder: { seed, duplicates: 1, lateMs: 20 } });
    await night.run();
    await settled(night);
    // Each job's message, the one that wakes the sweeper, and the probe of the alerts' path.
    const sent = night.stack.trail.all('message.sent').map(({ body }) => body);
    expect(new Set(sent).size).toBe(jobs.length + 2);
    // A copy that arrives while the first one's successor is just being sent sends that once more.
    expect(sent.length).toBeGreaterThanOrEqual(2 * (jobs.length + 2));
    expect(await remains(night)).toEqual(undisturbed);
  });

  test('with the schedule delivered twice', async () => {
    const night = await startNight({ assembly });
    await night.run(async ({ stack }) => {
      const [fired] = [await stack.trail.waitFor('schedule.delivered')];
      expect(fired.schedule).toBe('cuadre-cabinet-daily');
      await stack.invoke('cuadre-cabinet-planner', {
        source: 'schedule',
        scheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/cuadre-cabinet-daily',
        scheduledTime: '2026-01-13T07:00:00Z',
        dryRun: false,
        input: {
          'cabinet.leads-reconcile': { repairEvents: false },
          'cabinet.claims-reconcile': { limit: 100 },
        },
      });
    });
    expect(await remains(night)).toEqual(undisturbed);
  });

  test('with the backend killed in the middle of the claims', async () => {
    const night = await startNight({ assembly });
    await night.run(async ({ admin, clock, stack }) => {
      await inTheMiddleOfTheClaims(night, claim, async (backend) => {
        await admin.sql`select pg_terminate_backend(${backend}::integer)`;
        await stack.trail.waitFor('batch.failed', ({ queue }) => queue === 'cuadre-cabinet-claims-reconcile');
      });
      // The message comes back after the backoff, at most 5 s for a first attempt.
      await clock.advance(6_000);
    });
    expect(await attemptsOf(night, 'cabinet.claims-reconcile')).toEqual(['1 failed', '2 succeeded']);
    expect(await remains(night)).toEqual(undisturbed);
  });

  test('with the worker killed in the middle of the claims, and its backend still at work', async () => {
    const night = await startNight({ assembly });
    await night.run(async ({ admin, clock, stack }) => {
      await inTheMiddleOfTheClaims(night, claim, async () => {
        for (const pid of stack.functions.get('cuadre-cabinet-claims-reconcile')?.pids ?? [])
          process.kill(pid, 'SIGKILL');
        await stack.trail.waitFor('batch.failed', ({ queue }) => queue === 'cuadre-cabinet-claims-reconcile');
      });
      // No sign of life for a lease; the sweeper that the run woke queues the job again. The old message, an hour later,
      // finds nothing left to do.
      await admin.sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds'`;
      await clock.advance(90_000);
    });
    expect(await attemptsOf(night, 'cabinet.claims-reconcile')).toEqual(['1 superseded', '2 succeeded']);
    expect(await remains(night)).toEqual(undisturbed);
    await atRest(night);
    await night.clock.advance(3_600_000);
    await settled(night);
    expect(await remains(night)).toEqual(undisturbed);
  });
});
