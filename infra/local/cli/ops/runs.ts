import * as z from 'zod';
import { type Command, parameters, switched, text } from './command.ts';
import { moment, table, took } from './table.ts';

const page = z.looseObject({
  meta: z.looseObject({ next_cursor: z.string().nullable() }),
  data: z.array(
    z.looseObject({
      run_id: z.string(),
      pipeline: z.string(),
      kind: z.string(),
      jobs: z.array(z.string()),
      as_of: z.string(),
      dry_run: z.boolean(),
      trigger_kind: z.string(),
      status: z.string(),
      findings: z.int(),
      created_at: z.string(),
      finished_at: z.string().nullable(),
    }),
  ),
});

const FILTERS = {
  status: 'status',
  pipeline: 'pipeline',
  kind: 'kind',
  job: 'job',
  code: 'code',
  trigger: 'trigger',
  'as-of': 'as_of',
  'as-of-from': 'as_of_from',
  'as-of-to': 'as_of_to',
  since: 'since',
  until: 'until',
  limit: 'limit',
  cursor: 'cursor',
};

/** `ops runs`: newest first. */
export const runs: Command = {
  name: 'runs',
  usage: Object.keys({ ...FILTERS, 'dry-run': '' })
    .map((flag) => (flag === 'dry-run' ? '[--[no-]dry-run]' : `[--${flag} ...]`))
    .join(' '),
  summary: 'runs, newest first',
  words: [],
  options: { ...Object.fromEntries(Object.keys(FILTERS).map((flag) => [flag, text])), 'dry-run': switched },
  async run(given, api) {
    const dry = given.on('dry-run') ? 'true' : given.on('no-dry-run') ? 'false' : undefined;
    const query = { ...parameters(given, FILTERS), ...(dry === undefined ? {} : { dry_run: dry }) };
    const answer = await api.get(page, '/api/v1/runs', query);
    const rows = answer.data.map((run) => [
      run.run_id,
      run.as_of,
      run.kind === 'pipeline' ? run.pipeline : run.jobs.join(', '),
      `${run.status}${run.dry_run ? ' (dry run)' : ''}`,
      run.findings,
      run.trigger_kind,
      moment(run.created_at),
      took(run.created_at, run.finished_at),
    ]);
    const { next_cursor: next } = answer.meta;
    return {
      answer,
      lines: [
        ...table(['run', 'as of', 'what', 'status', 'findings', 'by', 'began (UTC)', 'took'], rows),
        ...(next === null ? [] : ['', `more: --cursor ${next}`]),
      ],
      code: 0,
    };
  },
};
