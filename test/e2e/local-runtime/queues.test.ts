import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Stack } from '../../../infra/local/stack.ts';
import { mapping, queues } from './support/app.ts';
import { runApp, send, virtualClock } from './support/stack.ts';

const REPORTS = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

/** Answers with what the message's body says: `{"answer": ...}` or `{"throw": ...}`, `$id` being its message id. */
const obedient = `
  export const handler = async ({ Records }) => {
    let answer;
    for (const { body, messageId } of Records) {
      const order = JSON.parse(body.replaceAll('$id', messageId));
      if (order.throw) throw new Error(order.throw);
      answer = order.answer ?? answer;
    }
    return answer;
  };`;

function obey(properties: object, maxReceiveCount = 2) {
  return {
    functions: { worker: obedient },
    resources: { ...queues('jobs', maxReceiveCount), ...mapping('worker', 'jobs', properties) },
  };
}

const failureOf = (id: string) => ({ batchItemFailures: [{ itemIdentifier: id }] });

describe('partial batch failures', () => {
  test('are honoured where the mapping says so', async () => {
    const stack = await runApp(obey(REPORTS));
    const messageId = await send(stack, 'jobs', JSON.stringify({ answer: failureOf('$id') }));
    const failed = await stack.trail.waitFor('batch.failed');
    expect(failed.messageIds).toEqual([messageId]);
    expect(left(stack)).toBe(1);
  });

  test('are ignored, and everything is deleted, where it does not', async () => {
    const stack = await runApp(obey({}));
    const messageId = await send(stack, 'jobs', JSON.stringify({ answer: failureOf('$id') }));
    await stack.trail.waitFor('message.deleted', (event) => event.messageId === messageId);
    expect(stack.trail.all('batch.failed')).toEqual([]);
    expect(left(stack)).toBe(0);
  });

  test.each([
    ['an empty list', { batchItemFailures: [] }],
    ['a null list', { batchItemFailures: null }],
    ['null', null],
    ['an empty object', {}],
  ])('%s means that all succeeded', async (_name, answer) => {
    const stack = await runApp(obey(REPORTS));
    const messageId = await send(stack, 'jobs', JSON.stringify({ answer }));
    await stack.trail.waitFor('message.deleted', (event) => event.messageId === messageId);
    expect(stack.trail.all('batch.failed')).toEqual([]);
  });

  test.each([
    ['an unknown id', failureOf('nobody')],
    ['an empty id', failureOf('')],
    ['another shape', { batchItemFailures: ['$id'] }],
    ['a text', 'done'],
  ])('%s means that the whole batch failed', async (_name, answer) => {
    const stack = await runApp(obey(REPORTS));
    const messageId = await send(stack, 'jobs', JSON.stringify({ answer }));
    const failed = await stack.trail.waitFor('batch.failed');
    expect(failed.messageIds).toEqual([messageId]);
    expect(left(stack)).toBe(1);
  });
});

describe('a message that fails', () => {
  test('is seen again when its visibility timeout ends, and is dead-lettered after its receives', async () => {
    const clock = virtualClock();
    const stack = await runApp(
      {
        functions: { worker: obedient },
        resources: { ...queues('jobs', 3, 5_400), ...mapping('worker', 'jobs', REPORTS) },
      },
      { clock },
    );
    const messageId = await send(stack, 'jobs', JSON.stringify({ throw: 'not today' }));
    for (const receiveCount of [1, 2, 3]) {
      await stack.trail.waitFor('message.received', (event) => event.receiveCount === receiveCount);
      await stack.trail.waitFor('batch.failed', () => true, { after: positionOf(stack, receiveCount) });
      await clock.advance(5_399_000);
      stack.queues.queue('jobs').processTimers();
      expect(stack.queues.queue('jobs').inflightMessages.size).toBe(1);
      expect(stack.trail.all('message.received')).toHaveLength(receiveCount);
      await clock.advance(1_000);
    }
    const dead = await stack.trail.waitFor('message.dead-lettered');
    expect(dead).toMatchObject({ queue: 'jobs', messageId });
    const [letter] = stack.queues.queue('jobs-dlq').messages;
    expect(letter?.messageId).toBe(messageId);
    expect(stack.trail.all('function.ended').map(({ outcome }) => outcome)).toEqual([
      'failed',
      'failed',
      'failed',
    ]);
  });

  test('does not keep the others of its batch, where it is reported', async () => {
    const stack = await runApp(obey({ ...REPORTS, BatchSize: 10, MaximumBatchingWindowInSeconds: 300 }), {
      paused: true,
    });
    const good = await send(stack, 'jobs', '{}');
    const bad = await send(stack, 'jobs', JSON.stringify({ answer: failureOf('$id') }));
    for (let more = 0; more < 8; more += 1) await send(stack, 'jobs', '{}');
    stack.resume();
    await stack.trail.waitFor('message.deleted', (event) => event.messageId === good);
    expect(stack.trail.all('function.invoked')).toHaveLength(1);
    expect(stack.trail.all('message.deleted').some(({ messageId }) => messageId === bad)).toBe(false);
    await stack.trail.waitFor('message.deleted', () => stack.trail.all('message.deleted').length === 9);
    expect(left(stack)).toBe(1);
  });
});

describe('a mapping', () => {
  test('gives the function the record that Lambda gives', async () => {
    const stack = await runApp(
      {
        functions: {
          worker: 'export const handler = async (event) => { console.log(JSON.stringify(event)); };',
        },
        resources: { ...queues('jobs', 3), ...mapping('worker', 'jobs') },
      },
      { onFunctionLog: (_name, line) => events.push(JSON.parse(line)) },
    );
    const events: unknown[] = [];
    await stack.queues.send('arn:aws:sqs:us-east-1:000000000000:jobs', 'hello', { COLOUR: 'red' });
    const { messageId } = await stack.trail.waitFor('message.deleted');
    expect(events).toEqual([
      {
        Records: [
          {
            messageId,
            receiptHandle: expect.any(String),
            body: 'hello',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: expect.stringMatching(/^\d{13}$/),
              SenderId: expect.any(String),
              ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
            },
            messageAttributes: {
              COLOUR: { stringValue: 'red', stringListValues: [], binaryListValues: [], dataType: 'String' },
            },
            md5OfBody: '5d41402abc4b2a76b9719d911017c592',
            md5OfMessageAttributes: expect.any(String),
            eventSource: 'aws:sqs',
            eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:jobs',
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
  });

  test('runs as many batches at once as it may, and no more', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cuadre-gate-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const gate = join(directory, 'open');
    const stack = await runApp({
      functions: {
        worker: `import { existsSync } from 'node:fs';
            export const handler = async () => {
              while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));
            };`,
      },
      resources: {
        ...queues('jobs', 3),
        ...mapping('worker', 'jobs', { ScalingConfig: { MaximumConcurrency: 2 } }),
      },
    });
    for (let index = 0; index < 4; index += 1) await send(stack, 'jobs', `${index}`);
    await stack.trail.waitFor('environment.started', ({ environment }) => environment === 2);
    expect(stack.trail.all('message.received')).toHaveLength(2);
    writeFileSync(gate, '');
    await stack.trail.waitFor('message.deleted', () => stack.trail.all('message.deleted').length === 4);
    expect(stack.trail.all('environment.started')).toHaveLength(2);
  });

  test('that is disabled reads nothing', async () => {
    const stack = await runApp({
      functions: { worker: obedient, other: obedient },
      resources: {
        ...queues('jobs', 3),
        ...queues('more', 3),
        ...mapping('worker', 'jobs', { Enabled: false }),
        ...mapping('other', 'more'),
      },
    });
    await send(stack, 'jobs', '{}');
    await send(stack, 'more', '{}');
    await stack.trail.waitFor('message.deleted');
    expect(stack.trail.all('message.received').map(({ queue }) => queue)).toEqual(['more']);
    expect(left(stack)).toBe(1);
  });
});

describe('the queue server', () => {
  test('takes messages of 1 MiB and no larger ones', async () => {
    const stack = await runApp({ resources: queues('jobs', 3) });
    await send(stack, 'jobs', 'x'.repeat(1_048_576));
    await expect(send(stack, 'jobs', 'x'.repeat(1_048_577))).rejects.toThrow('1048576');
  });

  test('forgets messages at the end of their retention', async () => {
    const clock = virtualClock();
    const stack = await runApp({ resources: queues('jobs', 3) }, { clock });
    await send(stack, 'jobs', 'old');
    await clock.advance(345_601_000);
    await send(stack, 'jobs', 'new');
    const answer = await stack.queues.call('ReceiveMessage', {
      QueueUrl: stack.queues.queue('jobs').url,
      MaxNumberOfMessages: 10,
    });
    expect(Object(answer).Messages).toHaveLength(1);
    expect(Object(answer).Messages[0].Body).toBe('new');
  });

  test('keeps its messages where it is given a directory', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'cuadre-state-'));
    onTestFinished(() => rmSync(stateDirectory, { recursive: true, force: true }));
    const parts = { resources: queues('jobs', 3) };
    const first = await runApp(parts, { stateDirectory });
    const messageId = await send(first, 'jobs', 'kept');
    await first.stop();
    const second = await runApp(parts, { stateDirectory });
    const kept = second.queues.queue('jobs');
    expect(kept.messages.map((message) => [message.messageId, message.body])).toEqual([[messageId, 'kept']]);
    expect(kept.url).toBe(`${second.urls.sqs}/000000000000/jobs`);
  });

  test('delivers out of order and twice, the same way for the same seed', async () => {
    const arrivals = async (seed: number) => {
      const stack = await runApp(
        {
          functions: { worker: 'export const handler = async () => {};' },
          resources: {
            ...queues('jobs', 30),
            ...mapping('worker', 'jobs', { ScalingConfig: { MaximumConcurrency: 2 } }),
          },
        },
        { disorder: { seed, duplicates: 0.3, lateMs: 400 }, paused: true },
      );
      const ids: string[] = [];
      for (let index = 0; index < 20; index += 1) ids.push(await send(stack, 'jobs', `${index}`));
      stack.resume();
      const sent = stack.trail.all('message.sent').length;
      await stack.trail.waitFor('message.deleted', () => stack.trail.all('message.deleted').length === sent);
      return stack.trail.all('message.received').map(({ messageId }) => ids.indexOf(messageId));
    };
    const order = await arrivals(7);
    expect(order.length).toBeGreaterThan(20);
    expect(new Set(order).size).toBe(20);
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    const twice = (received: number[]) => received.filter((id, index) => received.indexOf(id) < index).sort();
    expect(twice(await arrivals(7))).toEqual(twice(order));
  });
});

function left(stack: Stack): number {
  const { ready, delayed, inflight } = stack.queues.queue('jobs').inspectMessages();
  return ready.length + delayed.length + inflight.length;
}

/** Where the trail stood when a message was received for the n-th time. */
function positionOf(stack: Stack, receiveCount: number): number {
  return (
    stack.trail.all('message.received').find((event) => event.receiveCount === receiveCount)?.sequence ?? 0
  );
}
