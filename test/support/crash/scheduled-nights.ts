import type { Database } from '../../../functions/core/database.ts';
import { pipeline } from '../../../functions/core/pipeline.ts';
import { toySchedule } from '../scheduler.ts';
import { toyJob } from '../toy.ts';
import type { DayOptions } from './day.ts';
import type { Setting } from './stopped-nights.ts';

const AS_OF = '2026-01-12';
const at = (time: string, day = AS_OF) => `${day}T${time}:00Z`;

/** One job: what is tried is how its run begins. Its source is asked for twice more, after half an hour each. */
const toy = pipeline({
  name: 'toy-daily',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima', missed: 'last' },
  freshness: { ready: 'public.toy_ready', postponeMinutes: 30, times: 2 },
  jobs: {
    'toy.only': {
      after: [],
      description: 'A toy. Input: none.',
      timeoutSeconds: 10,
      memoryMb: 128,
    },
  },
});

const schedule = toySchedule();

async function load(admin: Database): Promise<void> {
  await admin.sql`insert into public.toy_loaded values (${AS_OF}::date)`;
}

function night(of: Pick<DayOptions, 'since' | 'delivered' | 'source'>, already: Setting['load']): Setting {
  return {
    pipeline: toy,
    asOf: AS_OF,
    day: { schedule, due: at('07:00'), sweep: at('11:00'), ...of },
    async load(admin) {
      await admin.script(`
        create table public.toy_effects (job text not null, note text not null);
        grant select, insert on public.toy_effects to cuadre_jobs;
        create table public.toy_loaded (day date);
        create function public.toy_ready(p_as_of date, out ready boolean, out detail text) language sql stable as $$
          select exists (select from public.toy_loaded where day = p_as_of), 'nothing was loaded for ' || p_as_of
        $$;
        grant select on public.toy_loaded to cuadre_jobs;`);
      await already(admin);
    },
    jobs: () => [toyJob('toy.only')],
  };
}

/** Scheduler delivers twice at once, and a third time when the run is over. */
const delivered = [at('07:00'), at('07:00'), at('08:40')];

/** The source is there in time for the second postponement. */
export const lateNight = night(
  { since: at('08:00', '2026-01-11'), delivered, source: { at: at('07:45'), load } },
  async () => {},
);

/** It is not there at all. */
export const degradedNight = night({ since: at('08:00', '2026-01-11'), delivered }, async () => {});

/** Looked at last two days before. */
async function knowOf(admin: Database): Promise<void> {
  const { name, expression, timeZone } = schedule;
  const since = at('08:00', '2026-01-10');
  await admin.sql`
    select ops.know_schedule(${name}, ${expression}, ${timeZone}, ${since}::timestamptz, ${since}::timestamptz)`;
}

/** Nothing comes of two due times: the sweeper finds both, and starts the last. */
export const missedNight = night({ since: at('08:00', '2026-01-10'), delivered: [] }, async (admin) => {
  await load(admin);
  await knowOf(admin);
});

/** The same, and the source is late as well: the restart waits for it. */
export const missedAndLateNight = night(
  { since: at('08:00', '2026-01-10'), delivered: [], source: { at: at('11:40'), load } },
  knowOf,
);

/** A person has paused the schedule; a deployment switched it on again, and its time is delivered. The sweeper puts it right. */
export const pausedNight = night({ since: at('08:00', '2026-01-11'), delivered }, async (admin) => {
  const { name, expression, timeZone } = schedule;
  const since = at('08:00', '2026-01-11');
  await load(admin);
  await admin.sql`
    select ops.know_schedule(${name}, ${expression}, ${timeZone}, ${since}::timestamptz, ${since}::timestamptz)`;
  await admin.sql`select ops.pause_schedule(${name}, true, 'ana', 'the source moves', false)`;
  await admin.sql`select ops.schedule_applied(${name})`;
});
