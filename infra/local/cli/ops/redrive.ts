import * as z from 'zod';
import { pathOf } from './client.ts';
import { bodyOf, type Command, numberOf, parameters, reasonOf, switched, text } from './command.ts';
import { filters, moreOf, optionsOf, pageMeta, usageOf } from './lists.ts';
import { codeOf, sending, warningOf } from './sending.ts';
import { errorOf, moment, table } from './table.ts';

const begun = z.looseObject({
  dry_run: z.boolean(),
  redrive_id: z.string().nullable(),
  rate_per_minute: z.int(),
  matched: z.int(),
  ready: z.int(),
  retried: z.int(),
  ...sending,
  runs: z.array(
    z.looseObject({
      run_id: z.string(),
      pipeline: z.string().nullable(),
      as_of: z.string().nullable(),
      failed_at: z.string().nullable(),
      error: z.json(),
      verdict: z.string(),
      refusal: z.string().nullable(),
    }),
  ),
});

/** `ops redrive`: says which runs it would be; with --go it takes them up again. */
const redrive: Command = {
  name: 'redrive',
  usage:
    '[--run ID,ID...] [--pipeline P] [--job J] [--code C] [--failed-from T] [--failed-to T] [--limit N] [--rate N] --reason R [--go]',
  summary: 'failed runs that match; with --go they are taken up again, --rate of them a minute',
  words: [],
  options: {
    run: text,
    pipeline: text,
    job: text,
    code: text,
    'failed-from': text,
    'failed-to': text,
    limit: text,
    rate: text,
    reason: text,
    go: switched,
  },
  async run(given, api) {
    const go = given.on('go');
    const body = bodyOf({
      runs: given.text('run')?.split(','),
      pipeline: given.text('pipeline'),
      job: given.text('job'),
      code: given.text('code'),
      failedFrom: given.text('failed-from'),
      failedTo: given.text('failed-to'),
      limit: numberOf(given, 'limit'),
      ratePerMinute: numberOf(given, 'rate'),
      // A look needs no reason.
      reason: go ? reasonOf(given) : (given.text('reason') ?? 'a look'),
      dryRun: !go,
    });
    const answer = await api.post(begun, '/api/v1/redrive', body);
    const rows = answer.runs.map(({ run_id, as_of, pipeline, failed_at, error, verdict, refusal }) => [
      run_id,
      as_of,
      pipeline,
      moment(failed_at),
      errorOf(error),
      refusal ?? verdict,
    ]);
    const left = answer.matched - answer.runs.length;
    const could = answer.ready + answer.retried;
    return {
      answer,
      lines: [
        ...table(['run', 'as of', 'pipeline', 'failed (UTC)', 'error', 'verdict'], rows),
        '',
        `${could} of ${answer.runs.length} ${summaryOf(answer)}`,
        ...(left === 0
          ? []
          : [`${left} more match and are left out by the limit: a higher --limit, or again afterwards`]),
        ...warningOf(answer),
      ],
      code: left > 0 || could < answer.runs.length ? 1 : codeOf(answer),
    };
  },
};

function summaryOf({
  redrive_id: id,
  ready,
  retried,
  rate_per_minute: rate,
}: z.output<typeof begun>): string {
  if (id === null) return 'can be taken up; nothing was changed: --go does it';
  const waiting = ready === 0 ? '' : ` and ${ready} waiting, ${rate} a minute`;
  return `in redrive ${id}, ${retried} taken up${waiting}: ops redrive show ${id}`;
}

const redriveShape = {
  redrive_id: z.string(),
  status: z.string(),
  operator: z.string(),
  reason: z.string(),
  rate_per_minute: z.int(),
  created_at: z.string(),
  runs: z.int(),
  waiting: z.int(),
  retried: z.int(),
  refused: z.int(),
  cancelled: z.int(),
};
const listed = z.looseObject({ meta: pageMeta, data: z.array(z.looseObject(redriveShape)) });
const FILTERS = filters({ status: 'status' });
const shown = z.looseObject({
  ...redriveShape,
  items: z.array(
    z.looseObject({
      run_id: z.string(),
      as_of: z.string(),
      verdict: z.string().nullable(),
      settled_at: z.string().nullable(),
      status: z.string(),
    }),
  ),
});

const HEADS = [
  'redrive',
  'began (UTC)',
  'status',
  'runs',
  'wait',
  'retried',
  'refused',
  'a minute',
  'by',
  'why',
];
const line = (each: z.infer<typeof shown> | z.infer<typeof listed>['data'][number]) => [
  each.redrive_id,
  moment(each.created_at),
  each.status,
  each.runs,
  each.waiting,
  each.retried,
  each.refused,
  each.rate_per_minute,
  each.operator,
  each.reason,
];

const list: Command = {
  name: 'redrive list',
  usage: usageOf(FILTERS),
  summary: 'redrives, newest first',
  words: [],
  options: optionsOf(FILTERS),
  async run(given, api) {
    const answer = await api.get(listed, '/api/v1/redrives', parameters(given, FILTERS));
    return { answer, lines: [...table(HEADS, answer.data.map(line)), ...moreOf(answer.meta)], code: 0 };
  },
};

const show: Command = {
  name: 'redrive show',
  usage: 'REDRIVE_ID',
  summary: 'one redrive, with each of its runs',
  words: ['REDRIVE_ID'],
  options: {},
  async run({ words: [id = ''] }, api) {
    const answer = await api.get(shown, pathOf('/api/v1/redrives', id));
    const rows = answer.items.map(({ run_id, as_of, verdict, settled_at, status }) => [
      run_id,
      as_of,
      verdict ?? 'waits',
      moment(settled_at),
      status,
    ]);
    return {
      answer,
      lines: [
        ...table(HEADS, [line(answer)]),
        '',
        ...table(['run', 'as of', 'verdict', 'at (UTC)', 'run is'], rows),
      ],
      code: answer.refused > 0 ? 1 : 0,
    };
  },
};

const stopped = z.looseObject({ redrive_id: z.string(), kept_back: z.int() });

const cancel: Command = {
  name: 'redrive cancel',
  usage: 'REDRIVE_ID --reason R',
  summary: 'take up no more of it',
  words: ['REDRIVE_ID'],
  options: { reason: text },
  async run(given, api) {
    const path = pathOf('/api/v1/redrives', given.words[0] ?? '', '/cancel');
    const answer = await api.post(stopped, path, { reason: reasonOf(given) });
    return {
      answer,
      lines: [`redrive ${answer.redrive_id} is cancelled: ${answer.kept_back} runs stay as they are`],
      code: 0,
    };
  },
};

export const redriveCommands = [redrive, list, show, cancel];
