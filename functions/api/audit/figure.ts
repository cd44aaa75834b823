import * as z from 'zod';
import { cursor, nextCursor } from '../../core/cursor.ts';
import type { Sql } from '../../core/database.ts';
import { NotFoundError } from '../../core/errors.ts';
import { type Trace, traceOf, valueAt } from '../../core/figures.ts';
import { endpoint, ok, word } from '../../core/http.ts';
import { jobFigures } from '../../jobs.ts';
import { cursorMeta, limit } from '../page.ts';
import { type Page, rulesOf, type Traced, tracedDecisions, tracedRow, tracedRows } from './figure-rows.ts';
import { type Lineage, lineage, lineageOf, object, objectsAt, rule } from './lineage.ts';

const answer = z.strictObject({
  meta: cursorMeta,
  figure: z.strictObject({
    path: z.string(),
    value: z.json().describe('As the report has it; of a list of things how many there are.'),
  }),
  trace: z.strictObject({
    from: z
      .enum(['decisions', 'extent', 'rows', 'measured', 'figures', 'input', 'nothing'])
      .describe(
        'What it stands on. decisions, extent and rows: what data lists. measured: a count of in, of which no row is kept. figures: others of this report. nothing: it is always 0.',
      ),
    says: z.string(),
    in: z
      .array(z.string())
      .describe('The relations that were counted, or the figures that it is worked out from.'),
    filter: z.json().describe('Which decisions or rows; null for all and for what has none.'),
    value: z.json().describe('What the rows of data give, all pages together; null where there are none.'),
    agrees: z
      .boolean()
      .nullable()
      .describe('Whether that is the figure; null where there is nothing to compare.'),
    total: z.int().nullable().describe('Rows of all pages.'),
  }),
  lineage,
  rules: z.array(rule).describe('The versions that the rows were judged by.'),
  statement: z.string().describe('The file of the code that reported it, at code_version.'),
  objects: z.array(object).describe('The SQL that decides, as it was then.'),
  data: z.array(tracedRow),
});

const report = z.strictObject({ report: z.record(z.string(), z.json()).nullable() });

/** GET /api/v1/runs/{run_id}/figures/{job}/{figure}: where a figure of a report comes from, to the row, the rule and the code. */
export const runFigure = endpoint({
  method: 'GET',
  route: '/api/v1/runs/{run_id}/figures/{job}/{figure}',
  summary: 'One figure of a report: its rows, the rules and their versions, the run, the code',
  query: z.strictObject({
    limit: limit(1000, 100),
    cursor: cursor(z.tuple([z.string().regex(/^(\d{1,18}|[0-9a-f-]{36})$/)])).optional(),
  }),
  path: z.strictObject({
    run_id: z.guid().describe('Of the list of runs, or of what started it.'),
    job: word().describe('The job whose report has it, e.g. `cabinet.claims-reconcile`.'),
    figure: word(200).describe('Its keys with dots between them, e.g. `by_milestone.inserted.5.amount`.'),
  }),
  answer,
  problems: { 404: ['UNKNOWN_JOB_RUN', 'UNKNOWN_FIGURE'] },
  async run({ event, query, path, environment }) {
    const { sql } = environment.control;
    const by = await lineageOf(sql, { runId: path.run_id, job: path.job });
    if (by === undefined) {
      throw new NotFoundError(`there is no ${path.job} in run ${path.run_id}`, { code: 'UNKNOWN_JOB_RUN' });
    }
    const figures = jobFigures.get(path.job);
    const [found] = await sql(
      report,
    )`select report from ops.job_runs where job_run_id = ${by.job_run_id}::uuid`;
    const value = valueAt(found?.report, path.figure);
    const trace = figures === undefined ? undefined : traceOf(figures, path.figure);
    if (figures === undefined || trace === undefined || value === undefined) {
      const which =
        found?.report == null ? `has no report: it has ${by.status}` : `reports no ${path.figure}`;
      throw new NotFoundError(`${path.job} of run ${path.run_id} ${which}`, { code: 'UNKNOWN_FIGURE' });
    }
    const page: Page = { after: query.cursor?.[0] ?? '0', limit: query.limit };
    const traced = await rowsOf(sql, by, trace, page);
    const filter = 'filter' in trace ? trace.filter : null;
    const check =
      trace.from === 'rows' && trace.relation === 'ops.check_values' ? (trace.where['name'] ?? null) : null;
    const relations = trace.from === 'measured' ? trace.in : [];
    return ok(event, {
      meta: {
        limit: query.limit,
        returned: traced?.rows.length ?? 0,
        next_cursor: traced === null ? null : nextCursor(traced.rows, query.limit, ({ key }) => [key]),
      },
      figure: { path: path.figure, value },
      trace: {
        from: trace.from,
        says: says(trace),
        in:
          'in' in trace
            ? trace.in
            : 'of' in trace && Array.isArray(trace.of)
              ? trace.of
              : 'relation' in trace
                ? [trace.relation]
                : [],
        filter: filter ?? ('where' in trace ? trace.where : null),
        value: traced?.value ?? null,
        agrees: traced === null || (by.dry_run && trace.from === 'rows') ? null : same(value, traced.value),
        total: traced?.total ?? null,
      },
      lineage: by,
      rules: await rulesOf(sql, by, filter, check),
      statement: figures.statement,
      objects: await objectsAt(sql, [...new Set([...relations, ...figures.objects])], by.finished_at),
      data: traced?.rows ?? [],
    });
  },
});

function rowsOf(sql: Sql, by: Lineage, trace: Trace, page: Page): Promise<Traced | null> {
  if (trace.from === 'decisions' || trace.from === 'extent') return tracedDecisions(sql, by, trace, page);
  if (trace.from === 'rows') return tracedRows(sql, by, trace, page);
  return Promise.resolve(null);
}

function says(trace: Trace): string {
  switch (trace.from) {
    case 'decisions':
      if (trace.any) return 'whether there is such a decision';
      return trace.sum === undefined
        ? 'the number of these decisions'
        : `the sum of ${trace.sum} over these decisions`;
    case 'extent':
      return `the latest and the earliest ${trace.of} of these decisions`;
    case 'rows':
      return trace.column === undefined
        ? 'the number of rows that the job run added'
        : `${trace.column} of the row`;
    default:
      return trace.says;
  }
}

/** Numbers are equal however many zeros they end with. */
function same(figure: unknown, traced: unknown): boolean {
  return JSON.stringify(figure, plain) === JSON.stringify(traced, plain);
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value;
}
