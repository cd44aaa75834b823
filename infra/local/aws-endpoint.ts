import type { Gate } from './iam/gate.ts';
import type { InvokeApi } from './lambda/api.ts';
import type { SchedulerApi } from './scheduler/api.ts';
import type { Secrets } from './secrets/secrets.ts';
import { type Answer, isForeign, type Request } from './server.ts';

export interface AwsServices {
  readonly lambda: InvokeApi;
  readonly scheduler: SchedulerApi;
  readonly secrets: Secrets;
  readonly gate: Gate;
}

/** One address for the services whose operations are few; each is told by its paths or its target header. */
export function awsEndpoint({
  lambda,
  scheduler,
  secrets,
  gate,
}: AwsServices): (request: Request) => Promise<Answer> {
  return async (request) => {
    if (isForeign(request)) return refuse(403, 'AccessDenied', 'this endpoint serves this machine only');
    const target = request.headers['x-amz-target'] ?? '';
    if (target.startsWith('secretsmanager.')) return secrets.answer(request, gate);
    if (scheduler.serves(request)) return scheduler.answer(request);
    if (lambda.serves(request)) return lambda.answer(request);
    const what = target === '' ? `${request.method} ${request.url.pathname}` : target;
    return refuse(501, 'NotImplemented', `${what} is not played here`);
  };
}

function refuse(status: number, type: string, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: JSON.stringify({ __type: type, message }),
  };
}
