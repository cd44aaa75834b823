/** `npm run ops` before an API that answers as it is told: what is asked of it, and what is made of the answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { openApi } from '../../infra/local/cli/ops/client.ts';
import { commandOf } from '../../infra/local/cli/ops/commands.ts';
import { read } from '../../infra/local/cli/ops.ts';
import { verifySignature } from '../../infra/local/http/signature.ts';
import { localCredentials } from '../../infra/local/lambda/variables.ts';
import type { Request } from '../../infra/local/server.ts';
import { opsCli as cli } from '../support/ops-cli.ts';

interface Stub {
  readonly url: string;
  readonly asked: string[];
  readonly heard: Request[];
}

/** An API that answers what it is told to, a text as a page, and keeps what it was asked. */
async function stub(answer: unknown, status = 200): Promise<Stub> {
  const asked: string[] = [];
  const heard: Request[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const { method = '', url = '' } = request;
      heard.push({
        method,
        url: new URL(url, 'http://here'),
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: Buffer.from(body),
        remoteAddress: '127.0.0.1',
      });
      asked.push(
        [request.method, request.url, request.headers.authorization?.split(' ')[0], body]
          .filter(Boolean)
          .join(' '),
      );
      const isPage = typeof answer === 'string';
      response.writeHead(status, { 'content-type': isPage ? 'text/html' : 'application/json' });
      response.end(isPage ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const { port } = z.custom<AddressInfo>().parse(server.address());
  return { url: `http://127.0.0.1:${port}`, asked, heard };
}

const untroubled = { unsent: 0, warning: null };
const startedRun = {
  run_id: 'r',
  as_of: '2026-01-13',
  dry_run: false,
  created: true,
  ...untroubled,
};

test('what was asked for reaches the API as it is called there', async () => {
  const { url, asked } = await stub(startedRun, 202);
  const ended = await cli(['start', 'cabinet-daily', '--as-of', '2026-01-13', '--forced', '--api', url]);
  expect([ended.code, ended.out]).toEqual([0, expect.stringContaining('run r started')]);
  expect(asked).toEqual([
    'POST /api/v1/runs {"pipeline":"cabinet-daily","asOf":"2026-01-13","dryRun":false,"forced":true}',
  ]);
});

test('a token is sent where one is given, and an answer of another shape is no success', async () => {
  const { url, asked } = await stub({ data: [] });
  expect((await cli(['schedules', 'list', '--api', url], { CUADRE_TOKEN: 'abc' })).code).toBe(0);
  expect(asked).toEqual(['GET /api/v1/schedules Bearer']);
  const odd = await cli(['runs', '--api', url]);
  expect([odd.code, odd.err]).toEqual([2, expect.stringContaining('the answer.meta')]);
});

test('requests are signed with the credentials of the environment', async () => {
  const { accessKeyId, secretAccessKey } = localCredentials;
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'sa-east-1',
  };
  const { url, heard } = await stub({
    meta: { next_cursor: null },
    data: [],
    backfill_id: null,
    started: 0,
    dates: [],
    ...untroubled,
  });
  await cli(['runs', '--pipeline', 'a b&c=d', '--code', '42501', '--api', url], env);
  await cli(
    ['backfill', 'plan', 'cabinet-daily', '--from', '2026-01-12', '--to', '2026-01-12', '--api', url],
    env,
  );
  expect(heard).toHaveLength(2);
  for (const request of heard) {
    expect(verifySignature(request, Date.now()), request.url.href).toEqual({ accessKey: accessKeyId });
    expect(request.headers['authorization']).toContain('/sa-east-1/execute-api/aws4_request');
  }
});

test('the gateway’s own refusal is told', async () => {
  const { url } = await stub({ message: 'Forbidden' }, 403);
  const ended = await cli(['runs', '--api', url]);
  expect([ended.code, ended.err]).toEqual([2, 'error: Forbidden, answered 403\n']);
});

test('says what it lacks: a stack, somebody who answers, credentials, an address', async () => {
  const state = { CUADRE_STATE: import.meta.dirname };
  const cases: [string[], string][] = [
    [['runs'], 'name an API with --api'],
    [['runs', '--api', 'http://127.0.0.1:1'], 'http://127.0.0.1:1 does not answer'],
    [['runs', '--api', 'https://abc.execute-api.us-east-1.amazonaws.com'], 'set AWS_ACCESS_KEY_ID'],
    [['runs', '--api', 'here'], '--api: must be an http or https address'],
    [['runs', '--api', 'http://127.0.0.1:1/?stage=prod'], 'without user, query or fragment'],
  ];
  for (const [args, sentence] of cases) {
    const ended = await cli(args, state);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(sentence)]);
  }
});

test('a page of something before the API is told with its status and address', async () => {
  const page = '<html>\n  <head><title>502 Bad Gateway</title></head>';
  const broken = await stub(page, 502);
  const ended = await cli(['runs', '--api', broken.url]);
  expect([ended.code, ended.err]).toEqual([
    2,
    `error: ${broken.url}/api/v1/runs answered 502 with what is no JSON, beginning "<html> <head><title>502 Bad Gateway</title></head>": is it the API's address, and is the API up?\n`,
  ]);
  const elsewhere = await stub('<html>');
  expect((await cli(['runs', '--api', elsewhere.url])).err).toContain('answered 200 with what is no JSON');
  // JSON, and yet no refusal as the API has them.
  const odd = await stub(['no'], 400);
  expect(await cli(['runs', '--api', odd.url])).toMatchObject({
    code: 2,
    err: 'error: no reason given, answered 400\n',
  });
});

test('what the address has before the API’s own paths is kept, and signed', async () => {
  const { url, asked, heard } = await stub({ meta: { next_cursor: null }, data: [] });
  const { accessKeyId, secretAccessKey } = localCredentials;
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'sa-east-1',
  };
  for (const base of [`${url}/prod`, `${url}/prod/`, `${url}/`]) {
    expect((await cli(['runs', '--api', base], env)).code, base).toBe(0);
  }
  expect(asked.map((each) => each.split(' ')[1])).toEqual([
    '/prod/api/v1/runs',
    '/prod/api/v1/runs',
    '/api/v1/runs',
  ]);
  for (const request of heard) {
    expect(verifySignature(request, Date.now()), request.url.href).toEqual({ accessKey: accessKeyId });
  }
});

test('a start prints its key, also when nobody says what became of it', async () => {
  const { url } = await stub(startedRun, 202);
  expect((await cli(['start', 'cabinet-daily', '--api', url])).out).toMatch(/^key ops-[0-9a-f-]{36}$/m);
  const broken = await stub({ detail: 'The request failed; the log says why.' }, 500);
  const ended = await cli(['start', 'cabinet-daily', '--key', 'k-1', '--api', broken.url]);
  expect([ended.code, ended.err]).toEqual([
    2,
    expect.stringContaining('the same command with --key k-1 finds it, or starts it'),
  ]);
  const refused = await stub({ detail: 'no', code: 'RUN_ACTIVE' }, 409);
  expect((await cli(['start', 'cabinet-daily', '--api', refused.url])).err).toBe(
    'error: no (RUN_ACTIVE), answered 409\n',
  );
});

/** What a command makes of an answer, without a process of its own. */
async function outcomeOf(args: readonly string[], url: string): Promise<{ code: number; out: string }> {
  const found = commandOf(args);
  if (found === undefined) throw new Error(`there is no ${args.join(' ')}`);
  const [command, rest] = found;
  const { code, lines } = await command.run(read(command, rest).given, openApi(url, {}));
  return { code, out: lines.join('\n') };
}

const unsent = { unsent: 2, warning: 'they were not sent' };
test.each<[string, string[], object]>([
  ['start', ['start', 'cabinet-daily'], { ...startedRun, ...unsent }],
  ['retry', ['retry', 'r', '--reason', 'x'], { run_id: 'r', queued: 1, ...unsent }],
  ['cancel', ['cancel', 'r', '--reason', 'x'], { run_id: 'r', operator: 'ana', ...unsent }],
  [
    'backfill',
    ['backfill', 'start', 'p', '--from', '2026-01-12', '--to', '2026-01-12', '--reason', 'x'],
    { backfill_id: 'b', started: 1, dates: [], ...unsent },
  ],
  [
    'resumption',
    ['backfill', 'resume', 'b', '--reason', 'x'],
    { backfill_id: 'b', status: 'running', started: 1, ...unsent },
  ],
  ['redrive', ['redrive', '--go', '--reason', 'x'], redriven({ matched: 1, retried: 1, ...unsent })],
])('a %s whose messages were not sent says so, and ends with 1', async (_what, args, answer) => {
  const { url } = await stub(answer);
  const ended = await outcomeOf(args, url);
  expect([ended.code, ended.out]).toEqual([1, expect.stringContaining('warning: they were not sent')]);
});

test.each([
  ['running', 0, 3],
  ['failed', 0, 2],
  ['succeeded', 2, 1],
  ['succeeded', 0, 0],
])('of a run that is %s with %i findings it ends with %i', async (status, findings, code) => {
  const answer = {
    run_id: 'r',
    pipeline: 'cabinet-daily',
    as_of: '2026-01-13',
    dry_run: false,
    trigger_kind: 'api',
    status,
    findings,
    error: null,
    created_at: '2026-01-13T07:00:00Z',
    finished_at: null,
    jobs: [],
    messages: [{ sent_at: null }],
    operator_actions: [],
  };
  const { url } = await stub(answer);
  const ended = await outcomeOf(['run', 'r'], url);
  expect([ended.code, ended.out]).toEqual([
    code,
    expect.stringContaining('1 messages, 1 not sent: ops sweep --go sends them'),
  ]);
});

test('a redrive says how many more match than it lists, and ends with 1', async () => {
  const whole = await stub(redriven({ matched: 1, retried: 1 }));
  expect(await outcomeOf(['redrive', '--go', '--reason', 'x'], whole.url)).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 of 1 in redrive d, 1 taken up: ops redrive show d'),
  });
  const part = await stub(redriven({ matched: 4, retried: 1 }));
  const ended = await outcomeOf(['redrive', '--go', '--reason', 'x', '--limit', '1'], part.url);
  expect([ended.code, ended.out]).toEqual([1, expect.stringContaining('3 more match')]);
});

test.each([
  ['redrive', 'status=running&limit=2&cursor=c', ['--status', 'running']],
  ['backfill', 'pipeline=p&status=paused&limit=2&cursor=c', ['--pipeline', 'p', '--status', 'paused']],
])('a list of %ss is filtered, paged, and says that there is more', async (what, query, flags) => {
  const { url, asked } = await stub({ meta: { next_cursor: 'd' }, data: [] });
  const ended = await outcomeOf([what, 'list', ...flags, '--limit', '2', '--cursor', 'c'], url);
  expect([ended.code, ended.out]).toEqual([0, expect.stringContaining('more: --cursor d')]);
  const sorted = query.split('&').toSorted().join('&');
  expect(asked).toEqual([`GET /api/v1/${what}s?${sorted}`]);
});

/** What a redrive of one run answers. */
function redriven(told: object): object {
  const run = {
    run_id: 'r',
    pipeline: 'cabinet-daily',
    as_of: '2026-01-13',
    failed_at: null,
    error: null,
    verdict: 'RETRIED',
    refusal: null,
  };
  const begun = { dry_run: false, redrive_id: 'd', rate_per_minute: 10, ready: 0, runs: [run] };
  return { ...begun, unsent: 0, warning: null, ...told };
}
