import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { SQSClient } from '@aws-sdk/client-sqs';

/** The queues of the pipeline, served by a process of its own. */
export class QueueServer {
  readonly client: SQSClient;
  /** Queue's name, as QUEUES has it -> URL. */
  readonly urls: Readonly<Record<string, string>>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number, queues: readonly string[]) {
    this.#process = process;
    const endpoint = `http://127.0.0.1:${port}`;
    this.client = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    this.urls = Object.fromEntries(
      queues.map((queue) => [queue, `${endpoint}/000000000000/${nameOf(queue)}`]),
    );
  }

  static async start(queues: readonly string[]): Promise<QueueServer> {
    const process = fork(new URL('./queue-process.ts', import.meta.url), queues.map(nameOf));
    const [port] = await once(process, 'message');
    return new QueueServer(process, Number(port), queues);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

function nameOf(queue: string): string {
  return queue.replace('.', '-');
}
