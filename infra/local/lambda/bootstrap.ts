/**
 * Runs inside the process of an environment, where Lambda's own runtime would: loads the bundled handler once
 * and answers one invocation at a time. Imports nothing of the project, so that a cold start costs what it
 * costs in Lambda: Node.js and the bundle.
 */
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import type { FunctionError } from './failures.ts';
import type { InvokeMessage, ProcessMessage } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

const variables = process.env;
let current = '';

function tell(message: ProcessMessage, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function describe(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) {
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  }
  return { errorType: thrown.name, errorMessage: thrown.message, trace: thrown.stack?.split('\n') ?? [] };
}

function locate(): { file: string; exported: string } {
  const handler = variables['_HANDLER'] ?? '';
  const dot = handler.lastIndexOf('.');
  const stem = join(variables['LAMBDA_TASK_ROOT'] ?? '', handler.slice(0, dot));
  const file = ['.mjs', '.cjs', '.js'].map((extension) => stem + extension).find(existsSync);
  if (file === undefined) throw new Error(`Cannot find module '${handler.slice(0, dot)}'`);
  return { file, exported: handler.slice(dot + 1) };
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

async function load(): Promise<Handler> {
  const { file, exported } = locate();
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const container = module[exported] === undefined ? Object(module['default']) : module;
  const handler: unknown = container[exported];
  if (!isHandler(handler)) throw new Error(`${variables['_HANDLER']} is undefined or not exported`);
  if (handler.length > 2) {
    throw new Error(
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24',
    );
  }
  return handler;
}

function contextOf({ requestId, functionArn, functionVersion, deadline }: InvokeMessage): object {
  const name = variables['AWS_LAMBDA_FUNCTION_NAME'];
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: variables['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: variables['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: variables['AWS_LAMBDA_LOG_STREAM_NAME'],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

// Kept, because a handler may replace them; through them, so that it comes after what the handler wrote.
const streams = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream));

function endLog(requestId: string): void {
  for (const write of streams) write(`\u0000END ${requestId}\n`);
}

async function answer(handler: Handler, message: InvokeMessage): Promise<void> {
  const { requestId, payload } = message;
  current = requestId;
  try {
    const result = await handler(JSON.parse(payload), contextOf(message));
    // Also what has no JSON (nothing, a function, a symbol) is null to the caller.
    const text = JSON.stringify(result) ?? 'null';
    endLog(requestId);
    tell({ kind: 'result', requestId, payload: text });
  } catch (thrown) {
    endLog(requestId);
    tell({ kind: 'error', requestId, error: describe(thrown) });
  }
}

/** Lambda ends the process too; the next invocation starts cold. */
function die(errorType: string, thrown: unknown, code: number): void {
  const error = { ...describe(thrown), errorType };
  writeSync(2, `${errorType}: ${error.trace?.join('\n') ?? error.errorMessage}\n`);
  endLog(current);
  tell({ kind: 'error', requestId: current, error }, () => process.exit(code));
}

process.on('unhandledRejection', (reason) => die('Runtime.UnhandledPromiseRejection', reason, 128));
process.on('uncaughtException', (error) => die('Runtime.UncaughtException', error, 129));
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group: the runtime above decides when this process ends.
process.on('SIGINT', () => {});

try {
  const handler = await load();
  process.on('message', (message: InvokeMessage) => void answer(handler, message));
  tell({ kind: 'ready' });
} catch (thrown) {
  const { errorMessage, trace = [] } = describe(thrown);
  tell({ kind: 'unloadable', error: { errorType: 'Runtime.ImportModuleError', errorMessage, trace } }, () =>
    process.exit(1),
  );
}
