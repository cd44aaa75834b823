import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Event, readEvent } from './events.ts';
import { createLog, type Log } from './log.ts';
import { type Environment, openEnvironment } from './services.ts';

/** What an invocation is given beside its event. */
export interface Invocation {
  readonly environment: Environment;
  readonly log: Log;
  readonly requestId: string;
  readonly functionArn: string;
  remaining(): number;
}

export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * The only place that knows middy. Opens the environment, reads the event, and logs what an invocation threw
 * before Lambda sees it: one line with the request id, whatever the caller.
 */
export function lambdaHandler(
  name: string,
  body: (event: Event, invocation: Invocation) => Promise<unknown>,
): LambdaHandler {
  const log = createLog();
  const handler = middy<unknown, unknown>()
    .onError(({ error, context }) => {
      log.error('invocation failed', { function: name, requestId: context.awsRequestId, error });
    })
    .handler(async (event, context) => {
      const read = readEvent(event);
      const environment = await openEnvironment(name);
      return body(read, {
        environment,
        log: environment.log.with({ function: name, requestId: context.awsRequestId }),
        requestId: context.awsRequestId,
        functionArn: context.invokedFunctionArn,
        remaining: () => context.getRemainingTimeInMillis(),
      });
    });
  return async (event, context) => handler(event, context);
}
