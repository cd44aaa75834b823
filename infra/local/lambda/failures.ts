/** The document that Lambda answers when a function fails. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** `status` and `type` as in the Invoke API's errors. */
export class InvokeRefused extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = type;
    this.status = status;
    this.type = type;
  }
}

export const limits = {
  synchronousRequest: 6_291_456,
  /** 1 MB since October 2025; 256 KB before. */
  asynchronousRequest: 1_048_576,
  response: 6_291_556,
  environment: 4_096,
} as const;

export function timedOut(requestId: string, seconds: number): FunctionError {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  };
}

/** The process of the function ended under an invocation. */
export function runtimeExited(requestId: string, code: number | null, signal: string | null): FunctionError {
  const how = signal === null ? `exit status ${code ?? 'unknown'}` : `signal: ${signal}`;
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  };
}

export const responseTooLarge: FunctionError = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${limits.response} bytes).`,
};

export function functionNotFound(arn: string): InvokeRefused {
  return new InvokeRefused(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
}

export function throttled(): InvokeRefused {
  return new InvokeRefused(429, 'TooManyRequestsException', 'Rate Exceeded.');
}

export function requestTooLarge(limit: number): InvokeRefused {
  return new InvokeRefused(
    413,
    'RequestEntityTooLargeException',
    `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
  );
}
