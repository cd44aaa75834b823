import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Trail } from '../trail.ts';
import { Environment, type EnvironmentSpec, type Outcome } from './environment.ts';
import { InvokeRefused, limits, requestTooLarge, throttled } from './failures.ts';
import type { Reaper } from './reaper.ts';

export interface FunctionParts {
  readonly spec: EnvironmentSpec;
  readonly arn: string;
  readonly roleArn: string;
  /** Environments at once; from the template, else what a new AWS account has. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly trail: Trail;
  readonly reaper: Reaper;
  readonly onLog: (line: string) => void;
}

export interface Invocation {
  /** Who calls, for the trail: `schedule nightly`, `queue jobs`, `http GET /runs`, ... */
  readonly by: string;
  /** A retried asynchronous invocation keeps its id. */
  readonly requestId?: string;
  /** A published version, where one is called. It is the same code here, and shares the environments. */
  readonly version?: string;
}

export interface Completed extends Outcome {
  readonly requestId: string;
}

/** AWS keeps an idle environment for 5 to 45 minutes. */
const IDLE_MS = 10 * 60_000;

/** One function: its environments, warm ones first, and the rule that each does one thing at a time. */
export class LocalFunction {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly timeoutSeconds: number;
  readonly #parts: FunctionParts;
  #idle: { environment: Environment; cancelReclaim: () => void }[] = [];
  #all = new Set<Environment>();
  #starting = 0;
  #started = 0;
  #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(parts: FunctionParts) {
    this.#parts = parts;
    this.name = parts.spec.functionName;
    this.arn = parts.arn;
    this.roleArn = parts.roleArn;
    this.timeoutSeconds = parts.spec.timeoutSeconds;
  }

  /** Process ids of the environments: a fault test kills one. */
  get pids(): number[] {
    return [...this.#all].flatMap(({ pid }) => pid ?? []);
  }

  /** Throws InvokeRefused when the payload is too large or no environment is free. */
  async invoke(payload: string, invocation: Invocation): Promise<Completed> {
    if (Buffer.byteLength(payload) > limits.synchronousRequest) {
      throw requestTooLarge(limits.synchronousRequest);
    }
    if (this.#stopped) throw new InvokeRefused(503, 'ServiceException', 'the stack is stopping');
    const requestId = invocation.requestId ?? randomUUID();
    const begun = performance.now();
    const warm = this.#takeIdle();
    if (warm === undefined && this.#all.size + this.#starting >= this.#parts.concurrency) throw throttled();
    const { trail } = this.#parts;
    trail.record({
      kind: 'function.invoked',
      function: this.name,
      requestId,
      by: invocation.by,
      cold: warm === undefined,
    });
    const outcome = await this.#run(warm, requestId, payload, invocation.version);
    trail.record({
      kind: 'function.ended',
      function: this.name,
      requestId,
      outcome: outcome.timedOut ? 'timed-out' : outcome.error === undefined ? 'succeeded' : 'failed',
      milliseconds: Math.round((performance.now() - begun) * 10) / 10,
      ...(outcome.error === undefined
        ? {}
        : { error: { errorType: outcome.error.errorType, errorMessage: outcome.error.errorMessage } }),
    });
    this.#waiting.shift()?.();
    return { ...outcome, requestId };
  }

  /** As `invoke`, but waits for a free environment where Lambda's own pollers would try again. */
  async invokeWhenFree(payload: string, invocation: Invocation): Promise<Completed> {
    for (;;) {
      try {
        return await this.invoke(payload, invocation);
      } catch (error) {
        if (!(error instanceof InvokeRefused) || error.status !== 429) throw error;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { cancelReclaim } of this.#idle) cancelReclaim();
    for (const free of this.#waiting.splice(0)) free();
    await Promise.all([...this.#all].map((environment) => environment.kill()));
  }

  async #run(
    warm: Environment | undefined,
    requestId: string,
    payload: string,
    version: string | undefined,
  ): Promise<Outcome> {
    const environment = warm ?? (await this.#start());
    if (!(environment instanceof Environment)) {
      return { payload: JSON.stringify(environment), error: environment, timedOut: false, log: '' };
    }
    const outcome = await environment.invoke(requestId, payload, version);
    if (environment.alive && !this.#stopped) this.#rest(environment);
    return outcome;
  }

  async #start(): Promise<Awaited<ReturnType<typeof Environment.start>>> {
    this.#starting += 1;
    const number = ++this.#started;
    const begun = performance.now();
    const { spec, reaper, onLog, trail } = this.#parts;
    try {
      const environment = await Environment.start(number, spec, reaper, onLog);
      if (!(environment instanceof Environment)) return environment;
      if (this.#stopped) await environment.kill();
      this.#all.add(environment);
      void environment.ended.then(() => this.#forget(environment));
      trail.record({
        kind: 'environment.started',
        function: this.name,
        environment: number,
        milliseconds: Math.round(performance.now() - begun),
      });
      return environment;
    } finally {
      this.#starting -= 1;
    }
  }

  /** The one used last: the others grow old and go. */
  #takeIdle(): Environment | undefined {
    for (;;) {
      const resting = this.#idle.pop();
      if (resting === undefined) return undefined;
      resting.cancelReclaim();
      if (resting.environment.alive) return resting.environment;
    }
  }

  #rest(environment: Environment): void {
    environment.freeze();
    const cancelReclaim = this.#parts.clock.after(IDLE_MS, () => void environment.kill());
    this.#idle.push({ environment, cancelReclaim });
  }

  #forget(environment: Environment): void {
    this.#all.delete(environment);
    this.#idle = this.#idle.filter((resting) => {
      if (resting.environment !== environment) return true;
      resting.cancelReclaim();
      return false;
    });
    this.#parts.trail.record({
      kind: 'environment.ended',
      function: this.name,
      environment: environment.number,
      why: this.#stopped ? 'the stack stops' : 'its process ended',
    });
    this.#waiting.shift()?.();
  }
}
