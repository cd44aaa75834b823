import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';
import { done, endpoint, noParameters } from '../core/http.ts';
import type { JsonObject } from '../core/job.ts';
import { inputByJob } from '../core/planner.ts';
import { startJob, startPipeline, type Trigger } from '../core/start.ts';
import { callerOf } from './caller.ts';
import { checkInput, checkInputs, findJob, findPipeline } from './catalog.ts';
import { orSendWhatWasBefore, sendDue, sendingShape } from './sending.ts';

const common = {
  asOf: calendarDate.optional().describe('The business day; today in the pipeline’s zone unless given.'),
  dryRun: z.boolean().default(false).describe('Say what would be done, and change nothing.'),
  forced: z
    .boolean()
    .default(false)
    .describe(
      'Also while another run of the pipeline and day is under way; the run keeps that it was asked for.',
    ),
};
const jobBody = z.strictObject({
  job: z.string().min(1).max(100),
  input: z.record(z.string(), z.json()).default({}).describe('The job’s own keys.'),
  ...common,
});
const pipelineBody = z.strictObject({
  pipeline: z.string().min(1).max(100),
  input: inputByJob.default({}).describe('By job, that job’s own keys.'),
  ...common,
});
const body = z.union([jobBody, pipelineBody], 'must name either a job or a pipeline').meta({
  examples: [{ job: 'cabinet.claims-reconcile', asOf: '2026-01-13', input: { limit: 100 }, dryRun: true }],
});

const idempotencyKey = z
  .string({ error: 'is required: it makes a repeated request the same run' })
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces')
  .describe('The same key with the same body is the same run; with another body it is refused.');

/** POST /api/v1/runs: starts a job or a pipeline and answers 202 with the run; a repeated key answers with the same run. */
export const runsStart = endpoint({
  method: 'POST',
  route: '/api/v1/runs',
  summary: 'Start a job or a pipeline',
  description: 'The run is queued; what became of it is at `location`.',
  query: noParameters,
  path: noParameters,
  headers: z.strictObject({ 'idempotency-key': idempotencyKey }),
  body,
  status: 202,
  answer: z
    .strictObject({
      run_id: z.guid(),
      as_of: z.iso.date(),
      dry_run: z.boolean(),
      created: z.boolean().describe('False when the key had started this run before.'),
      location: z.string().describe('Where to read the run.'),
      ...sendingShape,
    })
    .meta({ id: 'StartedRun' }),
  problems: { 409: ['IDEMPOTENCY_KEY_REUSED', 'RUN_ACTIVE'] },
  async run({ event, headers, body: request, environment, log }) {
    const key = headers['idempotency-key'];
    const now = new Date();
    const trigger: Trigger = {
      kind: 'api',
      key: `api ${key}`,
      detail: { idempotencyKey: key, caller: callerOf(event) },
      due: now,
      now,
    };
    const options = { inline: false, codeVersion: environment.codeVersion, forced: request.forced };
    const { sql } = environment.control;
    const run = await orSendWhatWasBefore(environment, log, () =>
      'job' in request
        ? startJobByName(request, (pipeline, job, checked) =>
            startJob(sql, pipeline, job, checked, trigger, { ...options, dryRunByDefault: false }),
          )
        : startPipeline(sql, findPipeline(request.pipeline), checkedInputs(request), trigger, options),
    );
    const { sent, ...sending } = await sendDue(environment, log, { runs: [run.runId] });
    log.info('run started', { ...run, sent, unsent: sending.unsent });
    const location = `/api/v1/runs/${run.runId}`;
    return done(
      202,
      {
        run_id: run.runId,
        as_of: run.asOf,
        dry_run: run.dryRun,
        created: run.created,
        location,
        ...sending,
      },
      { location },
    );
  },
});

type JobBody = z.output<typeof jobBody>;
type PipelineBody = z.output<typeof pipelineBody>;
type Found = ReturnType<typeof findJob>;

function startJobByName<T>(
  { job: name, asOf, dryRun, input }: JobBody,
  start: (
    pipeline: Found['pipeline'],
    job: Found['job'],
    request: ReturnType<Found['job']['request']>,
  ) => Promise<T>,
): Promise<T> {
  const { job, pipeline } = findJob(name);
  checkInput(job, input);
  return start(pipeline, job, job.request({ ...input, ...(asOf === undefined ? {} : { asOf }), dryRun }));
}

function checkedInputs(request: PipelineBody): {
  asOf: string | undefined;
  dryRun: boolean;
  input: Record<string, JsonObject>;
} {
  checkInputs(request.input);
  return { asOf: request.asOf, dryRun: request.dryRun, input: request.input };
}
