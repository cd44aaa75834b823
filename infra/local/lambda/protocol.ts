import type { FunctionError } from './failures.ts';

/** What the runtime tells the process of an environment. Payloads stay text: Lambda does not touch them either. */
export interface InvokeMessage {
  readonly requestId: string;
  /** As it was called: with the number of a published version, or without. */
  readonly functionArn: string;
  readonly functionVersion: string;
  readonly payload: string;
  /** Milliseconds since the epoch, in the machine's time. */
  readonly deadline: number;
}

/** What the process answers. */
export type ProcessMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unloadable'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: FunctionError };

/** Written to both output streams when an invocation is over, so that its log is known to be complete. */
export function endOfLog(requestId: string): string {
  return `\u0000END ${requestId}\n`;
}
