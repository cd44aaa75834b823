/** A process of its own that plays the nights on one database, a night each time it is asked: two clocks, two players. */
import * as z from 'zod';
import { alertPublicationJob } from '../../functions/cabinet/alert-publication.ts';
import { uploadTakeJob } from '../../functions/cabinet/upload-take.ts';
import { keyOf } from '../../functions/cabinet/uploads/requests.ts';
import { connect } from '../../functions/core/database.ts';
import type { Job } from '../../functions/core/job.ts';
import { cabinetJobs } from '../support/cabinet-jobs.ts';
import { leftBy } from '../support/crash/left.ts';
import type { Process } from '../support/crash/points.ts';
import { storeOf } from '../support/crash/stored.ts';
import { Dice } from '../support/dice.ts';
import { FakeNotifier } from '../support/notifier.ts';
import { chanceOf } from './chance.ts';
import { Clock, DAY } from './clock.ts';
import { Disorder } from './disorder.ts';
import { Nights } from './nights.ts';
import { cue, role, type Told } from './protocol.ts';
import { Upstream } from './upstream.ts';

const bodiesOf = z.object({
  bodies: z.custom<(jobs: readonly Job[], url: string) => readonly Job[]>(
    (value) => typeof value === 'function',
  ),
});

const ledger = z.strictObject({ attempts: z.int(), jobRuns: z.int(), claims: z.int() });

async function play(given: z.output<typeof role>): Promise<void> {
  const admin = connect({ url: given.url });
  const clock = new Clock(admin, given.firstDay * DAY);
  const disorder = new Disorder(new Dice(given.seed + 1), given.disorder);
  const upstream = new Upstream(given.seed);
  const notifier = new FakeNotifier();
  const changed =
    given.careless === undefined ? undefined : bodiesOf.parse(await import(given.careless)).bodies;
  const files = new Map<string, string>();
  const store = storeOf(files);
  const publication = (process: Process) => alertPublicationJob(() => process.notifier(notifier));
  const nights = await Nights.open({
    admin,
    clock,
    disorder,
    url: (user) => Object.assign(new URL(given.url), { username: user }).href,
    bodies: (process) => {
      const own = [publication(process), uploadTakeJob(() => process.store(store))];
      const jobs = cabinetJobs.map((job) => own.find(({ name }) => name === job.name) ?? job);
      return changed?.(jobs, given.url) ?? jobs;
    },
  });
  // Backoff draws from it: nothing may be random outside the seed. The queue server, by now begun, needs numbers of its own.
  Math.random = chanceOf(given.seed, clock);
  const tell = async ({ day, whole }: z.output<typeof cue>): Promise<Told> => {
    const arrival = upstream.day(day);
    for (const { dataset, uploadId, text } of arrival.files) files.set(keyOf(dataset, uploadId), text);
    await nights.evening(day, arrival.files);
    await arrival.arrive(admin);
    const runs = await nights.night(day);
    const left = await leftBy(admin, whole ? {} : { runs: runs.map(({ run_id }) => run_id) });
    const [of] = await admin.sql(ledger)`
      select (select count(*)::integer from ops.attempts) as attempts, (select count(*)::integer from ops.job_runs) as "jobRuns",
             (select count(*)::integer from canon.claims_yango_cabinet_14d) as claims`;
    if (of === undefined) throw new Error('counts are a row');
    return {
      day,
      runs,
      left: Object.fromEntries(left),
      counts: { ...nights.counts, ...disorder.seen, ...of, told: new Set(notifier.keys).size },
    };
  };
  process.on('message', (message) => {
    tell(cue.parse(message)).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}

await play(role.parse(JSON.parse(process.argv[2] ?? '')));
