import { onTestFinished } from 'vitest';
import { VirtualClock } from '../../../../infra/local/clock.ts';
import { type Stack, type StackOptions, startStack } from '../../../../infra/local/stack.ts';
import { type AppParts, writeApp } from './app.ts';

/** A running app that ends with the test. */
export async function runApp(parts: AppParts, options: Omit<StackOptions, 'assembly'> = {}): Promise<Stack> {
  const assembly = writeApp(parts);
  const stack = await startStack({ assembly, ...options });
  onTestFinished(() => stack.stop({ graceMs: 2_000 }));
  return stack;
}

/** Time of the test's own, put back at its end. */
export function virtualClock(): VirtualClock {
  const clock = new VirtualClock().install();
  onTestFinished(() => clock.restore());
  return clock;
}

/** Sends through the API, as any client. */
export async function send(stack: Stack, queue: string, body: string): Promise<string> {
  const answer = await stack.queues.call('SendMessage', {
    QueueUrl: stack.queues.queue(queue).url,
    MessageBody: body,
  });
  return String(Object(answer).MessageId);
}
