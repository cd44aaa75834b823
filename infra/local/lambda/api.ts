import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { Gate } from '../iam/gate.ts';
import type { Answer, Request } from '../server.ts';
import type { AsynchronousInvoker } from './asynchronous.ts';
import { functionNotFound, InvokeRefused } from './failures.ts';
import type { LocalFunction } from './function.ts';
import { functionArn, functionName } from './types.ts';

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const LOG_TAIL_BYTES = 4_096;

/** Lambda's Invoke API, as the AWS CLI and SDKs call it; undefined when the path is not Lambda's. */
export class InvokeApi {
  readonly #functions: ReadonlyMap<string, LocalFunction>;
  readonly #asynchronous: AsynchronousInvoker;
  readonly #gate: Gate;

  constructor(functions: ReadonlyMap<string, LocalFunction>, asynchronous: AsynchronousInvoker, gate: Gate) {
    this.#functions = functions;
    this.#asynchronous = asynchronous;
    this.#gate = gate;
  }

  /** Is the path one of Lambda's? Its operations carry the date of their API version. */
  serves({ url }: Request): boolean {
    return /^\/20\d\d-\d\d-\d\d\//.test(url.pathname);
  }

  async answer(request: Request): Promise<Answer> {
    try {
      const name = INVOCATIONS.exec(request.url.pathname)?.[1];
      if (name === undefined || request.method !== 'POST') {
        throw new InvokeRefused(
          501,
          'NotImplemented',
          `${request.method} ${request.url.pathname} is not played here: of Lambda, only Invoke is`,
        );
      }
      return await this.#invoke(decodeURIComponent(name), request);
    } catch (error) {
      if (error instanceof InvokeRefused) return refusal(error);
      throw error;
    }
  }

  async #invoke(reference: string, request: Request): Promise<Answer> {
    const name = functionName(reference);
    const refusal = this.#gate(request.headers['authorization'], 'lambda:InvokeFunction', functionArn(name));
    if (refusal !== undefined) throw new InvokeRefused(403, 'AccessDeniedException', refusal);
    const target = this.#functions.get(name);
    if (target === undefined) throw functionNotFound(functionArn(name));
    const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
    mustBeJson(payload);
    switch (request.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
      case 'DryRun':
        return { status: 204, headers: { 'x-amzn-requestid': randomUUID() } };
      case 'Event': {
        const requestId = this.#asynchronous.accept(target, payload, 'Invoke API (Event)');
        return { status: 202, headers: { 'x-amzn-requestid': requestId } };
      }
      case 'RequestResponse':
        return this.#synchronous(target, payload, request.headers['x-amz-log-type'] === 'Tail');
      default:
        throw new InvokeRefused(400, 'InvalidParameterValueException', 'unknown X-Amz-Invocation-Type');
    }
  }

  async #synchronous(target: LocalFunction, payload: string, tail: boolean): Promise<Answer> {
    const completed = await target.invoke(payload, { by: 'Invoke API' });
    const log = Buffer.from(completed.log).subarray(-LOG_TAIL_BYTES).toString('base64');
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'x-amzn-requestid': completed.requestId,
        'x-amz-executed-version': '$LATEST',
        ...(completed.error === undefined ? {} : { 'x-amz-function-error': 'Unhandled' }),
        ...(tail ? { 'x-amz-log-result': log } : {}),
      },
      body: completed.payload,
    };
  }
}

function mustBeJson(payload: string): void {
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new InvokeRefused(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${messageOf(error)}`,
    );
  }
}

function refusal({ status, type, message }: InvokeRefused): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': type,
      'x-amzn-requestid': randomUUID(),
    },
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message, message }),
  };
}
