import * as z from 'zod';
import { pathOf } from './client.ts';
import {
  bodyOf,
  type Command,
  jsonOf,
  numberOf,
  parameters,
  reasonOf,
  required,
  switched,
  text,
} from './command.ts';
import { filters, moreOf, optionsOf, pageMeta, usageOf } from './lists.ts';
import { codeOf, sending, warningOf } from './sending.ts';
import { errorOf, moment, table, took } from './table.ts';

const begun = z.looseObject({
  backfill_id: z.string().nullable(),
  started: z.int(),
  ...sending,
  dates: z.array(z.looseObject({ as_of: z.string(), plan: z.string(), run_id: z.string().nullable() })),
});

/** `backfill plan` says what it would do with each date, `backfill start` does it. */
function over(name: string, dryRun: boolean, summary: string): Command {
  return {
    name,
    usage: `PIPELINE --from D --to D [--order oldest|newest] [--concurrency N] [--force] [--stop-on-failure] [--input JSON]${dryRun ? ' [--reason R]' : ' --reason R'}`,
    summary,
    words: ['PIPELINE'],
    options: {
      from: text,
      to: text,
      order: text,
      concurrency: text,
      force: switched,
      'stop-on-failure': switched,
      input: text,
      reason: text,
    },
    async run(given, api) {
      const body = bodyOf({
        pipeline: given.words[0],
        from: required(given, 'from', 'is required: the first business day, as 2026-01-05'),
        to: required(given, 'to', 'is required: the last business day, as 2026-01-09'),
        order: given.text('order'),
        concurrency: numberOf(given, 'concurrency'),
        force: given.on('force'),
        stopOnFailure: given.on('stop-on-failure'),
        input: jsonOf(given, 'input'),
        reason: dryRun ? (given.text('reason') ?? 'a look') : reasonOf(given),
        dryRun,
      });
      const answer = await api.post(begun, '/api/v1/backfills', body);
      const count = (plan: string) => answer.dates.filter((each) => each.plan === plan).length;
      const counts = `${count('run')} to run, ${count('skip')} done before, ${count('wait')} under way`;
      const then =
        answer.backfill_id === null
          ? 'nothing was changed: `ops backfill start` does it'
          : `backfill ${answer.backfill_id}, ${answer.started} begun: ops backfill show ${answer.backfill_id}`;
      return {
        answer,
        lines: [
          ...table(
            ['as of', 'plan', 'run'],
            answer.dates.map(({ as_of, plan, run_id }) => [as_of, plan, run_id]),
          ),
          '',
          `${counts}; ${then}`,
          ...warningOf(answer),
        ],
        code: codeOf(answer),
      };
    },
  };
}

const shape = {
  backfill_id: z.string(),
  pipeline: z.string(),
  from_date: z.string(),
  to_date: z.string(),
  first: z.string(),
  concurrency: z.int(),
  status: z.string(),
  paused_because: z.string().nullable(),
  operator: z.string(),
  reason: z.string(),
  created_at: z.string(),
  dates: z.int(),
  done: z.int(),
  pending: z.int(),
  refused: z.int(),
  active: z.int(),
  succeeded: z.int(),
  failed: z.int(),
};
const backfill = z.looseObject(shape);
const listed = z.looseObject({ meta: pageMeta, data: z.array(backfill) });
const FILTERS = filters({ pipeline: 'pipeline', status: 'status' });
const shown = z.looseObject({
  ...shape,
  days: z.array(
    z.looseObject({
      as_of: z.string(),
      state: z.string(),
      run_id: z.string().nullable(),
      error: z.json(),
      started_at: z.string().nullable(),
      finished_at: z.string().nullable(),
    }),
  ),
});

const HEADS = [
  'backfill',
  'pipeline',
  'from',
  'to',
  'status',
  'dates',
  'done',
  'succeeded',
  'failed',
  'active',
  'left',
  'began (UTC)',
  'by',
  'why',
];
const line = (each: z.infer<typeof backfill>) => [
  each.backfill_id,
  each.pipeline,
  each.from_date,
  each.to_date,
  each.paused_because === null ? each.status : `${each.status} (${each.paused_because})`,
  each.dates,
  each.done,
  each.succeeded,
  each.failed,
  each.active,
  each.pending + each.refused,
  moment(each.created_at),
  each.operator,
  each.reason,
];

const list: Command = {
  name: 'backfill list',
  usage: usageOf(FILTERS),
  summary: 'backfills, newest first',
  words: [],
  options: optionsOf(FILTERS),
  async run(given, api) {
    const answer = await api.get(listed, '/api/v1/backfills', parameters(given, FILTERS));
    return { answer, lines: [...table(HEADS, answer.data.map(line)), ...moreOf(answer.meta)], code: 0 };
  },
};

const show: Command = {
  name: 'backfill show',
  usage: 'BACKFILL_ID',
  summary: 'one backfill, with each of its dates',
  words: ['BACKFILL_ID'],
  options: {},
  async run({ words: [id = ''] }, api) {
    const answer = await api.get(shown, pathOf('/api/v1/backfills', id));
    const rows = answer.days.map(({ as_of, state, run_id, error, started_at, finished_at }) => [
      as_of,
      state,
      run_id,
      took(started_at, finished_at),
      errorOf(error),
    ]);
    return {
      answer,
      lines: [
        ...table(HEADS, [line(answer)]),
        '',
        ...table(['as of', 'state', 'run', 'took', 'error'], rows),
      ],
      code: answer.failed > 0 ? 1 : 0,
    };
  },
};

const steered = z.looseObject({ backfill_id: z.string(), status: z.string(), started: z.int(), ...sending });

function steer(step: 'pause' | 'resume' | 'cancel', summary: string): Command {
  return {
    name: `backfill ${step}`,
    usage: 'BACKFILL_ID --reason R',
    summary,
    words: ['BACKFILL_ID'],
    options: { reason: text },
    async run(given, api) {
      const path = pathOf('/api/v1/backfills', given.words[0] ?? '', `/${step}`);
      const answer = await api.post(steered, path, { reason: reasonOf(given) });
      const began = answer.started > 0 ? `, ${answer.started} begun` : '';
      const done = `backfill ${answer.backfill_id} is ${answer.status}${began}`;
      return { answer, lines: [done, ...warningOf(answer)], code: codeOf(answer) };
    },
  };
}

export const backfillCommands = [
  over('backfill plan', true, 'what a backfill would do with each date'),
  over('backfill start', false, 'run a pipeline over a range of dates, a few at a time'),
  list,
  show,
  steer('pause', 'begin no more dates for now'),
  steer('resume', 'go on; dates that failed stay failed'),
  steer('cancel', 'begin no more dates, ever'),
];
