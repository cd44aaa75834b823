import { describe, expect, test } from 'vitest';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import type { Job } from '../../functions/core/job.ts';
import { graphOf } from '../../functions/core/pipeline.ts';
import { cabinetNight, deadLetterNight } from '../support/crash/cabinet-night.ts';
import type { NightDatabase } from '../support/crash/copies.ts';
import { describeCrashes } from '../support/crash/describe-crashes.ts';
import { type Setting, StoppedNights } from '../support/crash/stopped-nights.ts';

describeCrashes('cabinet-daily', cabinetNight, { sample: 1, pairs: 1, allPairs: 200 }, (undisturbed) => {
  const processes = new Set(undisturbed.points.map((point) => point.split(':')[0]));
  expect([...processes].toSorted()).toEqual(
    ['planner', 'sweeper', ...Object.keys(graphOf(cabinetDaily))].toSorted(),
  );
  const steps = ['begin', 'select ops.beat', 'commit', 'publish', 'send', 'enable', 'disable', 'acknowledge'];
  for (const when of steps.flatMap((step) => [`before ${step}`, `after ${step}`]))
    expect(undisturbed.points).toContainEqual(expect.stringContaining(when));
  expect(undisturbed.told.length).toBeGreaterThan(1);
});

describeCrashes(
  'cabinet-daily with a dead letter',
  deadLetterNight,
  { sample: 1, pairs: 1, allPairs: 20, rescues: ['the message'] },
  ({ points, left }) => {
    const steps = ['select ops.bury_message', 'begin', 'send', 'commit'];
    for (const when of steps.flatMap((step) => [`before ${step}`, `after ${step}`]))
      expect(points).toContainEqual(expect.stringContaining(`dead letters: ${when}`));
    expect(left.get('ops.dead_letters')).toMatch(/^1 /);
  },
);

type Body = (job: Job, context: Parameters<Job['run']>[0], database: NightDatabase) => ReturnType<Job['run']>;

/** The cabinet's jobs, one of them with another body. */
function withBody(name: string, body: Body): Setting['jobs'] {
  return (process, notifier, database) =>
    cabinetNight
      .jobs(process, notifier, database)
      .map((job) => (job.name === name ? { ...job, run: (context) => body(job, context, database) } : job));
}

describe('the enumeration finds', () => {
  const nights = new StoppedNights(cabinetNight);
  const job = 'cabinet.achievements-record';

  async function foundWith(body: () => Body): Promise<readonly string[]> {
    const undisturbed = await nights.undisturbed({ jobs: withBody(job, body()) });
    const commit = undisturbed.points.indexOf(`${job}: before commit`);
    return (await nights.differences(undisturbed, [[commit, 'process']], { jobs: withBody(job, body()) }))
      .found;
  }

  test('what is doubled: an effect outside of its transaction', async () => {
    const found = await foundWith(() => async (record, context, database) => {
      const outside = database.connect('cuadre_jobs');
      await outside.sql`insert into ops.decisions (job_run_id, subject, decision) values (${context.jobRunId}::uuid, 'careless', 'MADE')`;
      await outside.close();
      return record.run(context);
    });
    expect(found).toContainEqual(expect.stringMatching(/^ops.decisions has too .*"careless"/));
  }, 600_000);

  test('what is lost: an effect that the process believes it has had', async () => {
    const found = await foundWith(() => {
      const done = new Set<string>();
      return async (record, context) => {
        if (done.has(context.jobRunId)) return { report: {} };
        done.add(context.jobRunId);
        return record.run(context);
      };
    });
    expect(found).toContainEqual(expect.stringMatching(/^canon.milestone_achievements lacks /));
  }, 600_000);
});
