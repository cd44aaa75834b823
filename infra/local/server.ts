import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly remoteAddress: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export class BodyTooLarge extends Error {}

export interface ServeOptions {
  readonly port: number;
  readonly name: string;
  readonly maximumBody: number;
  /** Hears of faults of the runtime itself, which the client only sees as a 500. */
  readonly onFault: (line: string) => void;
}

/** A server on 127.0.0.1 that answers whole requests; `port` 0 takes a free one. */
export async function serve(
  options: ServeOptions,
  answer: (request: Request) => Promise<Answer>,
): Promise<HttpServer> {
  const server = createServer((incoming, response) => {
    void handle(incoming, response, options, answer);
  });
  await listen(server, options.port, options.name);
  const { port } = addressOf(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  { name, maximumBody, onFault }: ServeOptions,
  answer: (request: Request) => Promise<Answer>,
): Promise<void> {
  let result: Answer;
  try {
    result = await answer({
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '/', 'http://127.0.0.1'),
      headers: headersOf(incoming),
      body: await bodyOf(incoming, maximumBody),
      remoteAddress: incoming.socket.remoteAddress ?? '127.0.0.1',
    });
  } catch (error) {
    const status = error instanceof BodyTooLarge ? 413 : 500;
    const message = error instanceof BodyTooLarge ? 'Request Too Long' : 'Internal Server Error';
    if (status === 500) onFault(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    result = { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
  }
  if (response.destroyed) return;
  response.writeHead(result.status, { ...result.headers });
  response.end(incoming.method === 'HEAD' ? undefined : result.body);
}

async function bodyOf(incoming: IncomingMessage, maximum: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const piece = Buffer.from(chunk);
    size += piece.length;
    if (size > maximum) throw new BodyTooLarge();
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}

/** A web page may not call a local service: neither under another name (DNS rebinding) nor across origins. */
export function isForeign({ headers }: Pick<Request, 'headers'>): boolean {
  const origin = headers['origin'];
  if (!isLocalHost(headers['host'] ?? '')) return true;
  return origin !== undefined && !(URL.canParse(origin) && isLocalHost(new URL(origin).host));
}

function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name)
  );
}

function listen(server: Server, port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `port ${port}, wanted for the ${name}, is taken: choose another or leave it to the system`
          : `the ${name} cannot listen on port ${port}: ${cause.message}`;
      reject(new Error(message, { cause }));
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address;
}
