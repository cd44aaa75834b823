import { createHash } from 'node:crypto';
import type { Sql } from './database.ts';
import { resolveAsOf } from './dates.ts';
import { InputError } from './errors.ts';
import type { JsonObject } from './job.ts';
import type { Request, StartableJob } from './job-input.ts';
import { type RunRequest, type StartedRun, startRun } from './ledger.ts';
import { type Graph, graphOf, limitsOf, type Pipeline, wakeOf } from './pipeline.ts';

export interface Trigger {
  readonly kind: RunRequest['trigger']['kind'];
  /** Unique per trigger: schedule ARN and scheduled time, request id, idempotency key. */
  readonly key: string;
  /** Who or what, for the ledger. */
  readonly detail: JsonObject;
  /** When it was due; decides the business date when nobody gave one. */
  readonly due: Date;
  readonly now: Date;
}

export interface StartOptions {
  readonly inline: boolean;
  readonly codeVersion: string;
  /** Also while another run of the pipeline and date is under way; the ledger keeps that it was asked for. */
  readonly forced?: boolean;
}

/** One job on its own, outside its pipeline's order. */
export function startJob(
  sql: Sql,
  pipeline: Pipeline,
  job: Pick<StartableJob, 'name'>,
  request: Request,
  trigger: Trigger,
  options: StartOptions & { readonly dryRunByDefault: boolean },
): Promise<StartedRun & { asOf: string; dryRun: boolean }> {
  const graph: Graph = {
    [job.name]: {
      after: [],
      always: false,
      ...limitsOf(pipeline, job.name),
      input: { ...pipeline.jobs[job.name]?.input, ...request.input },
    },
  };
  const dryRun = request.dryRun ?? options.dryRunByDefault;
  return start(
    sql,
    pipeline,
    'job',
    graph,
    { asOf: request.asOf, dryRun, input: request.input },
    trigger,
    options,
  );
}

/** @param input job name -> that job's input, on top of the pipeline's own */
export function startPipeline(
  sql: Sql,
  pipeline: Pipeline,
  request: {
    readonly asOf: string | undefined;
    readonly dryRun: boolean;
    readonly input: Readonly<Record<string, JsonObject>>;
  },
  trigger: Trigger,
  options: StartOptions,
): Promise<StartedRun & { asOf: string; dryRun: boolean }> {
  const graph = graphFor(pipeline, request.input);
  return start(sql, pipeline, 'pipeline', graph, request, trigger, options);
}

/**
 * What a run of the pipeline does, with the input that was asked for on top of the pipeline's own.
 * @throws InputError for a job that it does not have
 */
export function graphFor(pipeline: Pipeline, input: Readonly<Record<string, JsonObject>>): Graph {
  const jobs = graphOf(pipeline);
  const unknown = Object.keys(input).filter((name) => jobs[name] === undefined);
  if (unknown.length > 0) {
    const rule = `is not a job of ${pipeline.name}, which has ${Object.keys(jobs).join(', ')}`;
    throw new InputError(unknown.map((name) => ({ field: `input.${name}`, value: undefined, rule })));
  }
  return Object.fromEntries(
    Object.entries(jobs).map(([name, node]) => [name, { ...node, input: { ...node.input, ...input[name] } }]),
  );
}

async function start(
  sql: Sql,
  pipeline: Pipeline,
  kind: RunRequest['kind'],
  graph: Graph,
  request: { readonly asOf: string | undefined; readonly dryRun: boolean; readonly input: JsonObject },
  trigger: Trigger,
  options: StartOptions,
): Promise<StartedRun & { asOf: string; dryRun: boolean }> {
  const { dryRun, input } = request;
  const { forced = false } = options;
  const asOf = resolveAsOf(request.asOf, pipeline.timeZone, trigger.due, trigger.now);
  // What was asked and not what it resolved to: the same request repeated after midnight is still the same.
  const asked = {
    pipeline: pipeline.name,
    kind,
    jobs: Object.keys(graph),
    asOf: request.asOf ?? null,
    dryRun,
    input,
    ...(forced ? { forced } : {}),
  };
  const run = await startRun(sql, {
    pipeline: pipeline.name,
    kind,
    asOf,
    dryRun,
    inline: options.inline,
    trigger: { kind: trigger.kind, key: trigger.key, detail: trigger.detail },
    digest: createHash('sha256').update(canonical(asked)).digest('hex'),
    input,
    graph,
    codeVersion: options.codeVersion,
    wake: options.inline ? null : wakeOf(pipeline),
    forced,
  });
  return { ...run, asOf, dryRun };
}

/** JSON with sorted keys: two bodies that say the same have the same digest. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
