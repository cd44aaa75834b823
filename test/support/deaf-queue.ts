import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import * as z from 'zod';

const batch = z.object({ Entries: z.array(z.object({ Id: z.string() })) });

/** An SQS that is there and takes nothing: it refuses every message in an answer of 200, or never answers. */
export function deafQueue(how: 'refuses' | 'silent'): { readonly url: string; readonly asked: () => number } {
  let url = '';
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (how === 'silent') return;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { Entries } = batch.parse(JSON.parse(Buffer.concat(parts).toString()));
      const Failed = Entries.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ Successful: [], Failed }));
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = z.custom<AddressInfo>().parse(server.address());
    url = `http://127.0.0.1:${port}/000000000000/deaf`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get url() {
      return url;
    },
    asked: () => asked,
  };
}
