import { randomUUID } from 'node:crypto';
import * as z from 'zod';

/**
 * The protocol of SQS before 2023 (forms in, XML out), which Debian's AWS CLI and boto3 speak and the queue server
 * does not: each request is handed to it in the JSON of today, and its answer is written as it was then.
 */
export interface QueryAnswer {
  readonly status: number;
  readonly body: string;
}

const form = z.record(z.string(), z.string());
type Form = z.output<typeof form>;
export type Call = (operation: string, input: object) => Promise<{ status: number; body: unknown }>;

/** How an operation's answer is written, given its JSON. */
const operations: Readonly<Record<string, (answer: Json) => string>> = {
  ListQueues: ({ QueueUrls }) =>
    list(QueueUrls)
      .map((url) => element('QueueUrl', url))
      .join(''),
  GetQueueUrl: scalars,
  GetQueueAttributes: ({ Attributes }) => pairs('Attribute', Attributes),
  SendMessage: scalars,
  ReceiveMessage: ({ Messages }) =>
    list(Messages)
      .map((message) => element('Message', messageXml(message), true))
      .join(''),
  DeleteMessage: () => '',
  ChangeMessageVisibility: () => '',
  PurgeQueue: () => '',
};

/** Undefined for a form that is no SQS operation: another service's. */
export async function answerQuery(posted: unknown, call: Call): Promise<QueryAnswer | undefined> {
  const { Action: operation = '', Version: _version, ...parameters } = form.parse(posted);
  const write = operations[operation];
  if (write === undefined) return undefined;
  const structured = Object.keys(parameters).find((key) => key.includes('.') && !LIST.test(key));
  if (structured !== undefined) {
    const message = `${structured} is not played here in the protocol of forms: use a client of 2024 or later`;
    return failure(400, { __type: 'InvalidParameterValue', message });
  }
  const { status, body } = await call(operation, inputOf(parameters));
  if (status !== 200) return failure(status, body);
  const result = write(json.parse(body ?? {}));
  const metadata = element('ResponseMetadata', element('RequestId', randomUUID()), true);
  const content = element(`${operation}Result`, result, true) + metadata;
  const name = `${operation}Response`;
  return { status, body: `<${name} xmlns="http://queue.amazonaws.com/doc/2012-11-05/">${content}</${name}>` };
}

const json = z.record(z.string(), z.unknown());
type Json = z.output<typeof json>;

const LIST = /^(\w+Name)\.\d+$/;
const NUMBERS = new Set([
  'DelaySeconds',
  'VisibilityTimeout',
  'MaxNumberOfMessages',
  'WaitTimeSeconds',
  'MaxResults',
]);

/** `AttributeName.1=All` is an element of the list AttributeNames; everything else a form of these operations has is flat. */
function inputOf(parameters: Form): object {
  const input: Record<string, string | number | string[]> = {};
  for (const [key, value] of Object.entries(parameters)) {
    const [, listName] = LIST.exec(key) ?? [];
    if (listName !== undefined) {
      const name = `${listName}s`;
      input[name] = [...list(input[name]).map(String), value];
    } else {
      input[key] = NUMBERS.has(key) ? Number(value) : value;
    }
  }
  return input;
}

const error = z.object({ __type: z.string().default(''), message: z.string().default('') });

function failure(status: number, body: unknown): QueryAnswer {
  const { __type, message } = error.parse(body ?? {});
  const code = __type.slice(__type.indexOf('#') + 1);
  const content = element('Type', 'Sender') + element('Code', code) + element('Message', message);
  return {
    status,
    body: `<ErrorResponse>${element('Error', content, true)}${element('RequestId', randomUUID())}</ErrorResponse>`,
  };
}

function messageXml(message: unknown): string {
  const { Attributes, MessageAttributes: _structured, ...others } = json.parse(message);
  return scalars(others) + pairs('Attribute', Attributes);
}

function scalars(answer: Json): string {
  return Object.entries(answer)
    .map(([name, value]) => element(name, value))
    .join('');
}

function pairs(name: string, values: unknown): string {
  return Object.entries(json.parse(values ?? {}))
    .map(([key, value]) => element(name, element('Name', key) + element('Value', value), true))
    .join('');
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

function element(name: string, content: unknown, isXml = false): string {
  const text = isXml
    ? String(content)
    : String(content).replace(/[&<>\r]/g, (character) => ENTITIES[character] ?? '');
  return `<${name}>${text}</${name}>`;
}
