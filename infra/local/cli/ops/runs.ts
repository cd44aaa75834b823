import * as z from 'zod';
import { type Command, parameters, switched } from './command.ts';
import { filters, moreOf, optionsOf, pageMeta, usageOf } from './lists.ts';
import { moment, table, took } from './table.ts';

const page = z.looseObject({
  meta: pageMeta,
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

const FILTERS = filters({
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
});

/** `ops runs`: newest first. */
export const runs: Command = {
  name: 'runs',
  usage: `${usageOf(FILTERS)} [--[no-]dry-run]`,
  summary: 'runs, newest first',
  words: [],
  options: { ...optionsOf(FILTERS), 'dry-run': switched },
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
    return {
      answer,
      lines: [
        ...table(['run', 'as of', 'what', 'status', 'findings', 'by', 'began (UTC)', 'took'], rows),
        ...moreOf(answer.meta),
      ],
      code: 0,
    };
  },
};
