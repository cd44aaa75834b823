import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';
import { InputError } from '../core/errors.ts';
import { endpoint, type HttpEvent, noParameters } from '../core/http.ts';
import { parse } from '../core/input.ts';
import type { JsonObject } from '../core/job.ts';
import { sendOutbox } from '../core/outbox.ts';
import { inputByJob } from '../core/planner.ts';
import { sqsQueues } from '../core/queues.ts';
import { startJob, startPipeline, type Trigger } from '../core/start.ts';
import { callerOf } from './caller.ts';
import { findJob, findPipeline } from './catalog.ts';

const common = { asOf: calendarDate.optional(), dryRun: z.boolean().default(false) };
const body = z.union([
  z.strictObject({ job: z.string().min(1), input: z.record(z.string(), z.json()).default({}), ...common }),
  z.strictObject({ pipeline: z.string().min(1), input: inputByJob.default({}), ...common }),
]);
type Body = z.output<typeof body>;

const idempotencyKey = z
  .string({ error: 'is required: it makes a repeated request the same run' })
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces');

/** POST /api/v1/runs: starts a job or a pipeline and answers 202 with the run; a repeated key answers with the same run. */
export const runsStart = endpoint({
  method: 'POST',
  route: '/api/v1/runs',
  summary: 'Start a job or a pipeline',
  query: noParameters,
  path: noParameters,
  async run({ event, environment, log }) {
    const key = parse(idempotencyKey, event.headers['idempotency-key'], 'header.idempotency-key');
    const request = readBody(event);
    const now = new Date();
    const trigger: Trigger = {
      kind: 'api',
      key: `api ${key}`,
      detail: { idempotencyKey: key, caller: callerOf(event) },
      due: now,
      now,
    };
    const options = { inline: false, codeVersion: environment.codeVersion };
    const { sql } = environment.control;
    const run = await ('job' in request
      ? startJobByName(request, (pipeline, job, checked) =>
          startJob(sql, pipeline, job, checked, trigger, { ...options, dryRunByDefault: false }),
        )
      : startPipeline(sql, findPipeline(request.pipeline), checkedInputs(request), trigger, options));
    const sent = await sendOutbox(environment.control, sqsQueues(environment.config.QUEUES), run.runId);
    log.info('run started', { ...run, sent });
    const location = `/api/v1/runs/${run.runId}`;
    return {
      statusCode: 202,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', location },
      body: JSON.stringify({
        run_id: run.runId,
        as_of: run.asOf,
        dry_run: run.dryRun,
        created: run.created,
        location,
      }),
    };
  },
});

type JobBody = Extract<Body, { job: string }>;
type PipelineBody = Extract<Body, { pipeline: string }>;
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
  return start(pipeline, job, job.request({ ...input, ...(asOf === undefined ? {} : { asOf }), dryRun }));
}

/** Each job's input is checked here too, so that a mistake is a 400 now and not a failed run later. */
function checkedInputs(request: PipelineBody): {
  asOf: string | undefined;
  dryRun: boolean;
  input: Record<string, JsonObject>;
} {
  for (const [name, input] of Object.entries(request.input)) findJob(name).job.request(input);
  return { asOf: request.asOf, dryRun: request.dryRun, input: request.input };
}

function readBody(event: HttpEvent): Body {
  const type = event.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new InputError([{ field: 'header.content-type', value: type, rule: 'must be application/json' }]);
  }
  const text = event.isBase64Encoded
    ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
    : (event.body ?? '');
  const value = parseJson(text);
  const named = typeof value === 'object' && value !== null ? value : {};
  if ('job' in named === 'pipeline' in named) {
    throw new InputError([{ field: 'body', value, rule: 'must name either a job or a pipeline' }]);
  }
  // One branch of the union, so that its problems are named instead of "no branch matches".
  return parse('job' in named ? body.options[0] : body.options[1], value, 'body');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError([{ field: 'body', value: text.slice(0, 200), rule: 'must be JSON' }]);
  }
}
