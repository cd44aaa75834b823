import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { type FunctionError, limits, responseTooLarge, runtimeExited, timedOut } from './failures.ts';
import { LogCollector } from './log.ts';
import type { InvokeMessage, ProcessMessage } from './protocol.ts';
import type { Reaper } from './reaper.ts';

export interface EnvironmentSpec {
  readonly functionName: string;
  readonly functionArn: string;
  /** Folder of the bundle. */
  readonly taskRoot: string;
  /** Everything the process sees as its environment; nothing is inherited. */
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** The file that runs in Lambda's place. */
  readonly bootstrap: string;
}

export interface Outcome {
  /** What the caller gets: the result as JSON, or the error document. */
  readonly payload: string;
  readonly error?: FunctionError;
  readonly timedOut: boolean;
  /** Everything the function wrote meanwhile. */
  readonly log: string;
}

const LATEST = '$LATEST';
/** Lambda gives the code ten seconds to load. */
const LOAD_SECONDS = 10;
/** The end of the log is in the pipes before the answer is; only a handler that closed them keeps one waiting. */
const LOG_END_MS = 1_000;
const canFreeze = process.platform !== 'win32';

/**
 * One process that runs one function, one invocation at a time, as an execution environment of Lambda does:
 * warm between invocations but frozen, so that nothing of it runs then; its module state is its own.
 * The time limits are the machine's, not the stack clock's: the process lives in the machine's time.
 */
export class Environment {
  readonly number: number;
  readonly #spec: EnvironmentSpec;
  readonly #child: ChildProcess;
  readonly #log: LogCollector;
  readonly #ended: Promise<{ code: number | null; signal: string | null }>;
  #alive = true;
  #doomed = false;
  #frozen = false;
  #listener: (message: ProcessMessage) => void = () => {};

  private constructor(number: number, spec: EnvironmentSpec, reaper: Reaper, onLog: (line: string) => void) {
    this.number = number;
    this.#spec = spec;
    this.#child = fork(spec.bootstrap, {
      cwd: spec.taskRoot,
      env: spec.variables,
      // Lambda leaves Node.js about nine tenths of the memory; beyond it the process dies here too.
      execArgv: [`--max-old-space-size=${Math.floor(spec.memoryMb * 0.9)}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#log = new LogCollector(this.#child, onLog);
    this.#child.on('message', (message: ProcessMessage) => this.#listener(message));
    const { pid } = this.#child;
    if (pid !== undefined) reaper.watch(pid);
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null) => {
        this.#alive = false;
        if (pid !== undefined) reaper.forget(pid);
        resolve({ code, signal });
      };
      this.#child.once('exit', end);
      // It did not even start: no such folder, no more processes.
      this.#child.once('error', ({ message }) => end(null, message));
    });
  }

  /** Starts the process and loads the code. Resolves to the error when the code does not load. */
  static async start(
    number: number,
    spec: EnvironmentSpec,
    reaper: Reaper,
    onLog: (line: string) => void,
  ): Promise<Environment | FunctionError> {
    const environment = new Environment(number, spec, reaper, onLog);
    const problem = await environment.#load();
    if (problem === undefined) return environment;
    await environment.kill();
    return problem;
  }

  /** False from the moment it is to be killed: nobody may begin anything with it. */
  get alive(): boolean {
    return this.#alive && !this.#doomed;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  async invoke(requestId: string, payload: string, version = LATEST): Promise<Outcome> {
    this.#thaw();
    const log = this.#log.begin(requestId);
    const limitMs = this.#spec.timeoutSeconds * 1000;
    const message: InvokeMessage = {
      requestId,
      functionArn: version === LATEST ? this.#spec.functionArn : `${this.#spec.functionArn}:${version}`,
      functionVersion: version,
      payload,
      deadline: Date.now() + limitMs,
    };
    const timer = Promise.withResolvers<'timeout'>();
    const timeout = setTimeout(() => timer.resolve('timeout'), limitMs);
    const answered = new Promise<ProcessMessage>((resolve) => {
      this.#listener = resolve;
    });
    this.#child.send(message, () => {});
    const first = await Promise.race([answered, this.#ended, timer.promise]);
    clearTimeout(timeout);
    if (first === 'timeout') {
      await this.kill();
      const text = log.end();
      return failure(timedOut(requestId, this.#spec.timeoutSeconds), text, true);
    }
    if ('code' in first) return failure(runtimeExited(requestId, first.code, first.signal), log.end());
    await Promise.race([log.complete, this.#ended, setTimeoutPromise(LOG_END_MS, undefined, { ref: false })]);
    const text = log.end();
    if (first.kind === 'error') {
      if (isFatal(first.error)) await this.#ended;
      return failure(first.error, text);
    }
    if (first.kind !== 'result') throw new Error(`an environment answered ${first.kind} to an invocation`);
    if (Buffer.byteLength(first.payload) > limits.response) return failure(responseTooLarge, text);
    return { payload: first.payload, timedOut: false, log: text };
  }

  /** Stops every thread of the process where it stands; the next invocation continues it. */
  freeze(): void {
    if (!canFreeze || !this.#alive || this.#frozen) return;
    this.#frozen = true;
    this.#child.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    this.#doomed = true;
    if (this.#alive) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#child.kill('SIGCONT');
  }

  async #load(): Promise<FunctionError | undefined> {
    const loaded = new Promise<ProcessMessage>((resolve) => {
      this.#listener = resolve;
    });
    const timer = Promise.withResolvers<'timeout'>();
    const timeout = setTimeout(() => timer.resolve('timeout'), LOAD_SECONDS * 1000);
    const first = await Promise.race([loaded, this.#ended, timer.promise]);
    clearTimeout(timeout);
    if (first === 'timeout') {
      return {
        errorType: 'Sandbox.Timedout',
        errorMessage: `the code did not load within ${LOAD_SECONDS} seconds`,
      };
    }
    if ('code' in first) return runtimeExited('init', first.code, first.signal);
    return first.kind === 'unloadable' ? first.error : undefined;
  }
}

/** After these the process ends by itself: the environment must not be used again. */
function isFatal({ errorType }: FunctionError): boolean {
  return errorType === 'Runtime.UnhandledPromiseRejection' || errorType === 'Runtime.UncaughtException';
}

function failure(error: FunctionError, log: string, timedOut = false): Outcome {
  return { payload: JSON.stringify(error), error, timedOut, log };
}
