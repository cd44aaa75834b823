import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { mapping, queues, writeApp } from './support/app.ts';
import { runApp, send } from './support/stack.ts';

/** Connects to the test's server and, told `hold`, answers only when the server says something. */
const connected = (port: number) => `
  import { connect } from 'node:net';
  const socket = connect(${port}, '127.0.0.1');
  export const handler = async ({ Records: [{ body }] }) => {
    await new Promise((resolve) => socket.write(body, resolve));
    if (body === 'hold') await new Promise((resolve) => socket.once('data', resolve));
  };`;

async function server(): Promise<{ port: number; next: () => Promise<Socket> }> {
  const listening = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    listening.close();
  });
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return {
    port: address.port,
    next: async () => {
      const [socket]: Socket[] = await once(listening, 'connection');
      if (socket === undefined) throw new TypeError('no connection');
      socket.on('error', () => {});
      return socket;
    },
  };
}

const parts = (port: number) => ({
  functions: { worker: connected(port) },
  resources: { ...queues('jobs', 3), ...mapping('worker', 'jobs') },
});

describe('stop', () => {
  test('waits for the batches under way', async () => {
    const { port, next } = await server();
    const stack = await runApp(parts(port));
    const connection = next();
    await send(stack, 'jobs', 'hold');
    const socket = await connection;
    await once(socket, 'data');
    const stopped = stack.stop();
    socket.write('go on');
    await stopped;
    expect(stack.trail.all('message.deleted')).toHaveLength(1);
    expect(stack.trail.all('function.ended')).toMatchObject([{ outcome: 'succeeded' }]);
  });

  test('kills what is not done when the grace ends, and keeps its message', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'cuadre-state-'));
    onTestFinished(() => rmSync(stateDirectory, { recursive: true, force: true }));
    const { port, next } = await server();
    const stack = await runApp(parts(port), { stateDirectory });
    const connection = next();
    const messageId = await send(stack, 'jobs', 'hold');
    const socket = await connection;
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await stack.stop({ graceMs: 0 });
    await closed;
    expect(stack.trail.all('message.deleted')).toEqual([]);

    const again = await runApp(parts(port), { stateDirectory, paused: true });
    expect(again.queues.queue('jobs').messages.map((message) => message.messageId)).toEqual([messageId]);
  });

  test('ends also polls that are just about to begin', async () => {
    const stack = await runApp(parts(1), { paused: true });
    stack.resume();
    await stack.stop();
    await expect(fetch(stack.urls.sqs)).rejects.toThrow();
    // Were the poll left alone, the stop would take its 20 s.
  }, 15_000);

  test('leaves no process, no port and no file behind, and may be asked for twice', async () => {
    const own = mkdtempSync(join(tmpdir(), 'cuadre-own-'));
    vi.stubEnv('TMPDIR', own);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(own, { recursive: true, force: true });
    });
    const { port, next } = await server();
    const stack = await runApp(parts(port));
    const connection = next();
    await send(stack, 'jobs', 'done');
    const socket = (await connection).resume();
    await stack.trail.waitFor('message.deleted');
    const closed = once(socket, 'close');
    await Promise.all([stack.stop(), stack.stop()]);
    await closed;
    await expect(fetch(stack.urls.lambda)).rejects.toThrow();
    await expect(fetch(stack.urls.sqs)).rejects.toThrow();
    expect(readdirSync(own).filter((name) => !name.startsWith('cuadre-app-'))).toEqual([]);
  });
});

test('functions end with the runtime, also when it is killed while they are frozen', async () => {
  const { port, next } = await server();
  const assembly = writeApp(parts(port));
  const program = `
    import { startStack } from ${JSON.stringify(new URL('../../../infra/local/stack.ts', import.meta.url).href)};
    const stack = await startStack({ assembly: ${JSON.stringify(assembly)} });
    const QueueUrl = stack.queues.queue('jobs').url;
    await stack.queues.call('SendMessage', { QueueUrl, MessageBody: 'done' });
    await stack.trail.waitFor('message.deleted');
    console.log('frozen');`;
  const connection = next();
  const runtime = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(runtime, 'exit');
  const socket = (await connection).resume();
  await once(runtime.stdout, 'data');
  const closed = once(socket, 'close');
  runtime.kill('SIGKILL');
  await exited;
  // Its end is the function's death: nobody else holds the connection.
  await expect(closed).resolves.toBeDefined();
});
