import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plain,
} from 'node:http';
import { Agent, request as secure } from 'node:https';

export interface Outgoing {
  readonly base: URL;
  readonly method: string;
  /** With the query; sent as it is, since it is signed. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  readonly signal: AbortSignal | undefined;
}

export interface Answered {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Without an answer for so long a request is given up. A part of 5 MiB takes less than a second at a Lambda's worst. */
const TIMEOUT_MS = 20_000;

const agents = { plain: new PlainAgent({ keepAlive: true }), secure: new Agent({ keepAlive: true }) };

/**
 * The answer once its headers are there. Not fetch, which copies every body before it sends it: 5 MiB of garbage a part,
 * a hundred megabytes before V8 collects them; and whose time limit would count the reading of a download too.
 */
export function exchange({ base, method, path, headers, body, signal }: Outgoing): Promise<IncomingMessage> {
  const bodiless = method === 'GET' || method === 'HEAD' || (method === 'DELETE' && body.length === 0);
  const options = {
    hostname: base.hostname,
    port: base.port,
    path,
    method,
    headers: bodiless ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const outgoing =
      base.protocol === 'https:'
        ? secure({ ...options, agent: agents.secure })
        : plain({ ...options, agent: agents.plain });
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no answer for ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
    outgoing.once('response', (incoming) => {
      clearTimeout(timer);
      resolve(incoming);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end(body);
  });
}

/** Of a few hundred bytes; read also where nobody asks, or its connection would not be used again. */
export async function textOf(incoming: IncomingMessage): Promise<string> {
  incoming.setEncoding('utf8');
  let text = '';
  for await (const piece of incoming) text += piece;
  return text;
}
