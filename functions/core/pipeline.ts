/**
 * A pipeline is plain data: the CDK app, the planner, the API, the docs and the tests read this one object.
 * It imports neither job bodies nor zod, so that whoever needs the graph does not carry the work.
 */
export interface JobNode {
  /** Jobs that must have succeeded before this one is queued. */
  readonly after: readonly string[];
  /**
   * Jobs whose newest result this one reads, waited for as those above. When one did not succeed in the run, its last
   * success does, when it is fresh enough: the job run then says that it ran on stale input. Otherwise it is skipped.
   */
  readonly softAfter?: readonly SoftParent[];
  /** How many of its job runs may be under way at once, over all runs of the pipeline; each shard is one. */
  readonly concurrency?: number;
  /** Runs also when a job before it failed or was skipped (alerts, health checks). */
  readonly always?: boolean;
  /** Never part of the pipeline's own runs: somebody starts it when there is something for it to do. */
  readonly onDemand?: boolean;
  /** Reads the files that people have uploaded. */
  readonly readsUploads?: boolean;
  /** What it does and what it takes: the Lambda's description in the console. At most 256 characters. */
  readonly description: string;
  /** Lambda timeout in seconds, 900 at most. The queue's visibility time-out follows from it. */
  readonly timeoutSeconds: number;
  /** MB; on Lambda it also decides the share of a CPU. */
  readonly memoryMb: number;
  /** Tells people: it may publish to the alerts' topic. */
  readonly publishes?: boolean;
  /** The input that the pipeline gives this job; the job's own schema supplies the rest. */
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface SoftParent {
  readonly job: string;
  /** Business days between its last success and the run's as-of date, at most. */
  readonly maxAgeDays: number;
}

export interface Schedule {
  /** AWS dialect: `cron(0 2 * * ? *)` or `rate(1 hour)`. */
  readonly expression: string;
  /** IANA zone. */
  readonly timeZone: string;
  /**
   * What becomes of a time that was due and that nothing came of, once it is seen: nothing (the default), a run if it was
   * the last one due, or a run for each of the newest N.
   */
  readonly missed?: 'none' | 'last' | { readonly allUpTo: number };
}

/** What a scheduled run waits for before it begins; what people start is not held up. */
export interface Freshness {
  /** SQL function of the as-of date, `schema.name`, that returns one row: ready boolean, detail text. */
  readonly ready: string;
  /** How long to wait before asking again. */
  readonly postponeMinutes: number;
  /** How often. Then the run begins all the same, and says so. */
  readonly times: number;
}

export interface Pipeline {
  /** E.g. `cabinet-daily`: the name that people and the API use. */
  readonly name: string;
  /** Folder of the jobs and first part of their names, e.g. `cabinet`. */
  readonly domain: string;
  /** IANA zone in which "today" is decided when a run has no as-of date. */
  readonly timeZone: string;
  readonly schedule: Schedule;
  /** How many job runs of the pipeline may be under way at once, over all its runs. */
  readonly concurrency?: number;
  readonly freshness?: Freshness;
  /** By full name, `<domain>.<file>`, in the order in which people read them. */
  readonly jobs: Readonly<Record<string, JobNode>>;
}

/** What a run keeps of its pipeline: later edits of the declaration do not change a run that has begun. */
export type Graph = Readonly<
  Record<
    string,
    {
      readonly after: readonly string[];
      readonly always: boolean;
      readonly softAfter?: readonly SoftParent[];
      readonly limits?: Limits;
      readonly input: Readonly<Record<string, unknown>>;
    }
  >
>;

/** Job runs under way at once: of the job, and of its pipeline. */
export interface Limits {
  readonly job?: number;
  readonly pipeline?: number;
}

/** Freezes a declaration after checking it: unknown parents, self-dependencies and cycles are refused by name. */
export function pipeline<const P extends Pipeline>(declaration: P): P {
  const problems = graphProblems(declaration);
  if (problems.length > 0) {
    throw new Error(`pipeline ${declaration.name}: ${problems.join('; ')}`);
  }
  return Object.freeze(declaration);
}

/** What a run of the pipeline does: all of it but what is done on demand. */
export function graphOf(declaration: Pipeline): Graph {
  return Object.fromEntries(
    Object.entries(declaration.jobs)
      .filter(([, node]) => node.onDemand !== true)
      .map(([name, node]) => [
        name,
        {
          after: node.after,
          always: node.always ?? false,
          ...(node.softAfter === undefined ? {} : { softAfter: node.softAfter }),
          ...limitsOf(declaration, name),
          input: node.input ?? {},
        },
      ]),
  );
}

/** What holds for a job: its own limit and its pipeline's. */
export function limitsOf(declaration: Pipeline, job: string): { readonly limits?: Limits } {
  const own = declaration.jobs[job]?.concurrency;
  const all = declaration.concurrency;
  if (own === undefined && all === undefined) return {};
  return {
    limits: { ...(own === undefined ? {} : { job: own }), ...(all === undefined ? {} : { pipeline: all }) },
  };
}

/** All that a job waits for, softly or not. */
function parentsOf(node: Pick<JobNode, 'after' | 'softAfter'> | undefined): string[] {
  return [...(node?.after ?? []), ...(node?.softAfter ?? []).map(({ job }) => job)];
}

/** The queue that wakes the sweeper while runs of the pipeline are under way, as QUEUES names it. */
export function wakeOf({ domain }: Pick<Pipeline, 'domain'>): string {
  return `${domain}.sweep`;
}

/** Jobs with nothing before them: what the planner queues. */
export function rootsOf(graph: Graph): string[] {
  return Object.keys(graph).filter((name) => parentsOf(graph[name]).length === 0);
}

/** Parents before children; ties in declaration order. */
export function inOrder(graph: Graph): string[] {
  const ordered: string[] = [];
  let left = Object.keys(graph);
  while (left.length > 0) {
    const ready = left.filter((name) => parentsOf(graph[name]).every((parent) => ordered.includes(parent)));
    if (ready.length === 0) {
      throw new Error(`the jobs ${left.join(', ')} wait for each other`);
    }
    ordered.push(...ready);
    left = left.filter((name) => !ready.includes(name));
  }
  return ordered;
}

function graphProblems(declaration: Pipeline): string[] {
  const names = Object.keys(declaration.jobs);
  const problems = [
    ...limitProblems('the pipeline', declaration.concurrency),
    ...Object.entries(declaration.jobs).flatMap(([name, node]) => nodeProblems(declaration, name, node)),
  ];
  if (problems.length > 0) return problems;
  try {
    inOrder(graphOf(declaration));
    return names.length > 0 ? [] : ['has no job'];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function nodeProblems(declaration: Pipeline, name: string, node: JobNode): string[] {
  const parents = parentsOf(node);
  const waits = `job ${name} waits for`;
  return [
    ...(name.startsWith(`${declaration.domain}.`)
      ? []
      : [`job ${name} must be named ${declaration.domain}.<file>`]),
    ...(name === wakeOf(declaration) ? [`job ${name} has the name of the queue that wakes the sweeper`] : []),
    ...(parents.includes(name) ? [`${waits} itself`] : []),
    ...parents
      .filter((parent, place) => parents.indexOf(parent) < place)
      .map((parent) => `${waits} ${parent} twice: name it once, in after or in softAfter`),
    ...parents
      .filter((parent) => declaration.jobs[parent] === undefined)
      .map((parent) => `${waits} ${parent}, which is not one of its jobs`),
    ...(node.onDemand === true && parents.length > 0
      ? [`job ${name} is on demand and waits for ${parents.join(', ')}`]
      : []),
    ...parents
      .filter((parent) => declaration.jobs[parent]?.onDemand === true)
      .map((parent) => `${waits} ${parent}, which is on demand`),
    ...(node.softAfter ?? [])
      .filter(({ maxAgeDays }) => !Number.isInteger(maxAgeDays) || maxAgeDays < 0)
      .map(
        ({ job, maxAgeDays }) => `${waits} ${job} with maxAgeDays ${maxAgeDays}: give whole days, 0 or more`,
      ),
    ...limitProblems(`job ${name}`, node.concurrency),
    ...(node.description.length > 256
      ? [`the description of ${name} is longer than Lambda's 256 characters`]
      : []),
    ...(node.timeoutSeconds > 900 ? [`job ${name} wants ${node.timeoutSeconds} s; a Lambda has 900`] : []),
  ];
}

function limitProblems(whose: string, limit: number | undefined): string[] {
  return limit === undefined || (Number.isInteger(limit) && limit >= 1)
    ? []
    : [`${whose} has concurrency ${limit}: give a whole number of 1 or more, or leave it out for no limit`];
}
