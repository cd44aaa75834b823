import type { Clock } from './clock.ts';
import type { FunctionError } from './lambda/failures.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { DisorderOptions } from './sqs/disorder.ts';
import type { QueueServer } from './sqs/server.ts';
import type { Trail } from './trail.ts';

export interface StackOptions {
  /** The synthesized app, e.g. `cdk.out`. */
  readonly assembly: string;
  /** Kept between starts: database, messages and objects. Without it everything is thrown away at the stop. */
  readonly stateDirectory?: string | undefined;
  /** Free ones where none are given. */
  readonly ports?: Ports;
  /** Values of template parameters that have no default. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Enforce the authorization of the HTTP API. (Default: false, it is open to this machine) */
  readonly auth?: boolean;
  /** Hears what the runtime does, a line at a time. */
  readonly log?: (line: string) => void;
  /** Hears what the functions write. (Default: `log` does, with the function's name before) */
  readonly onFunctionLog?: (functionName: string, line: string) => void;
  readonly clock?: Clock;
  /** Messages arrive out of order and some twice, as a standard queue may deliver them. */
  readonly disorder?: DisorderOptions;
  /** Event source mappings and schedules wait for `resume()`. (Default: false) */
  readonly paused?: boolean;
  /** (Default: 18) */
  readonly postgresVersion?: 15 | 18;
  /** Runs when the database is there and before any trigger: for what a customer's database already has. */
  readonly beforeTriggers?: (databaseUrl: string) => Promise<void>;
}

export interface Ports {
  readonly api?: number | undefined;
  /** Lambda, Scheduler and Secrets Manager. */
  readonly aws?: number | undefined;
  readonly sqs?: number | undefined;
  readonly database?: number | undefined;
}

export interface StackUrls {
  /** The HTTP API, when the app has one. */
  readonly api?: string;
  /** Endpoints for SDKs and the AWS CLI (`--endpoint-url`). */
  readonly lambda: string;
  readonly scheduler: string;
  readonly secretsManager: string;
  readonly sqs: string;
  readonly s3: string;
  /** The template's database as its master user, when the app has one. */
  readonly database?: string;
}

export interface InvokeResult {
  readonly requestId: string;
  /** What the function returned; absent when it failed or was invoked asynchronously. */
  readonly result?: unknown;
  readonly error?: FunctionError;
  readonly log: string;
}

export interface Stack {
  readonly urls: StackUrls;
  /** Of resources; the inert properties are those of played ones. */
  readonly counts: {
    readonly played: number;
    readonly inert: number;
    readonly inertProperties: number;
    readonly refused: 0;
  };
  /** Every resource, and property of a played one (`<id>.<property>`), that does nothing here, with the reason. */
  readonly inert: readonly { readonly id: string; readonly type: string; readonly reason: string }[];
  readonly trail: Trail;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly queues: QueueServer;
  /** Schedules with the time at which each fires next, if it does. */
  schedules(): { readonly name: string; readonly next: Date | undefined }[];
  /** Connection URL of the template's database as a role of it. */
  databaseAs(role: string): string;
  /** Rejects with InvokeRefused for an unknown function; a function's own failure is in the result. */
  invoke(
    name: string,
    event: unknown,
    options?: { readonly type?: 'RequestResponse' | 'Event' },
  ): Promise<InvokeResult>;
  /**
   * Fires a schedule as if its time had come; the request id of its target, if that took the delivery.
   * `over` replaces top-level keys of the schedule's Input, as an edit of the schedule before its time would.
   */
  fireSchedule(
    name: string,
    scheduledTime: Date,
    over?: Readonly<Record<string, unknown>>,
  ): string | undefined;
  /** Starts what `paused` held back. */
  resume(): void;
  /** Waits for the batches under way (Default: up to 10 s), then ends everything; may be called twice. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}
