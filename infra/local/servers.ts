import { join, resolve } from 'node:path';
import type { World } from './assembly/world.ts';
import type { Cleanup } from './cleanup.ts';
import { httpApi } from './http/types.ts';
import type { StackOptions } from './options.ts';
import { type StartedDatabase, startDatabase } from './rds/start.ts';
import { type Answer, type HttpServer, type Request, serve } from './server.ts';
import { QueueServer } from './sqs/server.ts';
import type { Trail } from './trail.ts';

type Handler = (request: Request) => Promise<Answer>;

export interface Servers {
  readonly database: StartedDatabase | undefined;
  readonly queues: QueueServer;
  readonly aws: HttpServer;
  /** The HTTP API's, when the app has one. */
  readonly api: HttpServer | undefined;
  /** Says who answers; until then both answer that the stack is starting. */
  answerWith(handlers: { readonly aws: Handler; readonly api: Handler | undefined }): void;
}

/** API Gateway takes 10 MB; what a function cannot take of it is refused later. */
const API_BODY = 10 * 1024 * 1024;
/** Beyond Lambda's 6 MB, so that Lambda's own error can be given. */
const AWS_BODY = 8 * 1024 * 1024;

/** Starts everything that has an address, at once: the addresses are in what other resources get to know. */
export async function startServers(
  world: World,
  options: StackOptions,
  trail: Trail,
  cleanup: Cleanup,
): Promise<Servers> {
  const { ports = {}, log: onFault = () => {} } = options;
  const state = options.stateDirectory === undefined ? undefined : resolve(options.stateDirectory);
  const starting: Handler = async () => ({ status: 503, body: 'the stack is starting' });
  let handlers: { aws: Handler; api: Handler | undefined } = { aws: starting, api: starting };
  const hasApi = world.resources.some(({ type }) => type === httpApi.type);

  const all = [
    cleanup.track(
      startDatabase(world, { stateDirectory: state, port: ports.database, version: options.postgresVersion }),
    ),
    cleanup.track(
      QueueServer.start({
        port: ports.sqs ?? 0,
        trail,
        ...(state === undefined
          ? {}
          : { directory: join(state, 'sqs'), objectsDirectory: join(state, 's3') }),
        ...(options.disorder === undefined ? {} : { disorder: options.disorder }),
      }),
    ),
    cleanup.track(
      serve({ port: ports.aws ?? 0, name: 'AWS endpoint', maximumBody: AWS_BODY, onFault }, (request) =>
        handlers.aws(request),
      ),
    ),
    hasApi
      ? cleanup.track(
          serve({ port: ports.api ?? 0, name: 'HTTP API', maximumBody: API_BODY, onFault }, (request) =>
            (handlers.api ?? starting)(request),
          ),
        )
      : undefined,
  ] as const;
  // All of them, also when one fails: what has started is then known to be stopped.
  await Promise.allSettled(all);
  const [database, queues, aws, api] = await Promise.all(all);
  return {
    database,
    queues,
    aws,
    api,
    answerWith: (given) => {
      handlers = given;
    },
  };
}
