import { mkdirSync } from 'node:fs';
import { buildApp } from 'fauxqs';
import { ACCOUNT } from '../assembly/types.ts';
import { messageOf } from '../errors.ts';
import type { Gate } from '../iam/gate.ts';
import { isObjectCall, ObjectServer } from '../s3/server.ts';
import { isForeign } from '../server.ts';
import { refusedPublication } from '../sns/gate.ts';
import { trailOfTopics } from '../sns/topics.ts';
import type { Trail } from '../trail.ts';
import { type DisorderOptions, disorderly } from './disorder.ts';
import { refusedCall } from './gate.ts';
import { queueServerParts, type SnsStore, type Spy, type SqsStore } from './parts.ts';
import { answerQuery } from './query.ts';
import { attributesOf, type QueueProperties, queueArn, queueNameOf } from './types.ts';

export interface QueueServerOptions {
  readonly port: number;
  readonly trail: Trail;
  /** Messages and their state are kept here; in memory without it. */
  readonly directory?: string;
  /** Objects are kept here; in memory without it. */
  readonly objectsDirectory?: string;
  /** Messages arrive out of order and some twice, as the real service may deliver them. */
  readonly disorder?: DisorderOptions;
}

interface Headers {
  readonly authorization?: string | undefined;
  readonly 'content-type'?: string | undefined;
  readonly 'x-amz-target'?: string | string[] | undefined;
}

export type Queue = ReturnType<SqsStore['createQueue']>;

/** SQS on 127.0.0.1, played by the fauxqs package. */
export class QueueServer {
  /** S3, which the same package plays on the same address. */
  readonly objects: ObjectServer;
  readonly #app: ReturnType<typeof buildApp>;
  readonly #store: SqsStore;
  /** The same server's SNS, which delivers to these queues. */
  readonly topics: SnsStore;
  readonly #prepare: (queue: Queue) => void;
  #gate: Gate = () => undefined;

  private constructor(
    app: ReturnType<typeof buildApp>,
    store: SqsStore,
    objects: ObjectServer,
    topics: SnsStore,
    prepare: (queue: Queue) => void,
  ) {
    this.#app = app;
    this.#store = store;
    this.objects = objects;
    this.topics = topics;
    this.#prepare = prepare;
    app.addHook('preHandler', async (request, reply) => {
      if (isObjectCall(request)) return;
      const { headers, body } = request;
      const answer = await this.#before(headers, body);
      if (answer !== undefined) await reply.code(answer.status).type(answer.type).send(answer.body);
    });
  }

  /** From now on only calls that it lets through are answered. */
  guardWith(gate: Gate): void {
    this.#gate = gate;
    this.objects.guardWith(gate);
  }

  static async start({
    port,
    trail,
    directory,
    objectsDirectory,
    disorder,
  }: QueueServerOptions): Promise<QueueServer> {
    const parts = await queueServerParts();
    const sqsStore = new parts.SqsStore();
    const stores = { sqsStore, snsStore: new parts.SnsStore(), s3Store: new parts.S3Store() };
    let close = () => {};
    if (directory !== undefined) {
      mkdirSync(directory, { recursive: true });
      const persistence = new parts.PersistenceManager(directory);
      persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
      sqsStore.persistence = persistence;
      close = () => persistence.close();
    }
    if (objectsDirectory !== undefined) {
      const files = new parts.FileS3Persistence(objectsDirectory);
      files.loadS3(stores.s3Store);
      stores.s3Store.persistence = files;
    }
    sqsStore.spy = spyOf(new parts.MessageSpy(), trail);
    stores.snsStore.spy = trailOfTopics(new parts.MessageSpy(), trail);
    const app = buildApp({ logger: false, stores });
    // Without a host of its own the server names queues by the address that was called, which every machine resolves.
    sqsStore.host = '';
    app.addHook('onRequest', async (request, reply) => {
      const { host = '', origin } = request.headers;
      if (isForeign({ headers: origin === undefined ? { host } : { host, origin } })) {
        await reply.code(403).send({ message: 'this endpoint serves this machine only' });
      }
    });
    app.addHook('onClose', async () => close());
    const disturb = disorder === undefined ? () => {} : disorderly(disorder);
    const objects = new ObjectServer(app, stores.s3Store, new parts.MessageSpy(), trail);
    const server = new QueueServer(app, sqsStore, objects, stores.snsStore, (queue) => {
      forgetExpired(queue);
      disturb(queue);
    });
    await app.listen({ port, host: '127.0.0.1' }).catch((error: unknown) => {
      throw new Error(`SQS cannot listen on port ${port}: ${messageOf(error)}`, { cause: error });
    });
    return server;
  }

  get url(): string {
    return this.#app.listeningOrigin;
  }

  /** Creates the queue with the messages that were kept of it, if any. */
  create(name: string, properties: QueueProperties): void {
    const kept = this.#store.getQueueByName(name);
    // Its address and attributes may be others than last time, and a queue's address cannot change.
    if (kept !== undefined) this.#store.deleteQueue(kept.url);
    const url = `${this.url}/${ACCOUNT}/${name}`;
    const queue = this.#store.createQueue(name, url, queueArn(name), attributesOf(properties));
    if (kept !== undefined) {
      const { ready, delayed, inflight } = kept.inspectMessages();
      queue.messages.push(...ready, ...delayed, ...inflight.map(({ message }) => message));
      for (const message of queue.messages) queue.persistence?.insertMessage(name, message);
    }
    this.#prepare(queue);
  }

  queue(name: string): Queue {
    const queue = this.#store.getQueueByName(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  }

  /** What another service sends: a failed event with its reasons in attributes. */
  async send(arn: string, body: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
    const { url } = this.queue(queueNameOf(arn));
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    await this.call('SendMessage', { QueueUrl: url, MessageBody: body, MessageAttributes });
  }

  /** An operation of the SQS API, without a socket between. */
  async call(operation: string, input: object): Promise<unknown> {
    const { status, body } = await this.#call(operation, input);
    if (status !== 200) throw new Error(`SQS ${operation}: ${JSON.stringify(body)}`);
    return body;
  }

  /** What is answered here and not by the server: calls that are not allowed, and those in the old protocol. */
  async #before(
    headers: Headers,
    body: unknown,
  ): Promise<{ status: number; type: string; body: string } | undefined> {
    if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
      const { authorization = '' } = headers;
      const answer = await answerQuery(body, (operation, input) =>
        this.#call(operation, input, { authorization }),
      );
      const refused = answer ?? refusedPublication(this.#gate, headers.authorization, body);
      return refused && { type: 'text/xml', ...refused };
    }
    const message = refusedCall(this.#gate, headers, body);
    if (message === undefined) return undefined;
    const document = { __type: 'com.amazonaws.sqs#AccessDeniedException', message };
    return { status: 403, type: 'application/x-amz-json-1.0', body: JSON.stringify(document) };
  }

  async #call(
    operation: string,
    input: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: unknown }> {
    const response = await this.#app.inject({
      method: 'POST',
      url: '/',
      headers: {
        ...headers,
        host: '127.0.0.1',
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${operation}`,
      },
      payload: JSON.stringify(input),
    });
    return { status: response.statusCode, body: response.body === '' ? undefined : response.json() };
  }

  /** Long polls under way come back with nothing. */
  interrupt(): void {
    this.#store.shutdown();
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }
}

const trailed = {
  published: (queue: string, messageId: string, body: string) =>
    ({ kind: 'message.sent', queue, messageId, body }) as const,
  consumed: (queue: string, messageId: string) => ({ kind: 'message.deleted', queue, messageId }) as const,
  dlq: (queue: string, messageId: string) => ({ kind: 'message.dead-lettered', queue, messageId }) as const,
};

function spyOf(spy: Spy, trail: Trail): Spy {
  spy.addMessage = (message) => {
    if (message.service !== 'sqs') return;
    trail.record(trailed[message.status](message.queueName, message.messageId, message.body));
  };
  return spy;
}

/** The server has no retention of its own. A dead letter keeps the time at which it was first sent, as in SQS. */
function forgetExpired(queue: Queue): void {
  const dequeue = queue.dequeue.bind(queue);
  queue.dequeue = (...parameters) => {
    const oldest = Date.now() - Number(queue.attributes['MessageRetentionPeriod']) * 1000;
    queue.messages = queue.messages.filter(({ sentTimestamp, messageId }) => {
      if (sentTimestamp >= oldest) return true;
      queue.persistence?.deleteMessage(messageId);
      return false;
    });
    return dequeue(...parameters);
  };
}
