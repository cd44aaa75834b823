/** Every command that the pages show, as far as it can be judged without running it. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { findJob, findPipeline } from '../../functions/api/catalog.ts';
import { auditInput } from '../../functions/core/audit-seal.ts';
import { parse } from '../../functions/core/input.ts';
import { migrateInput } from '../../functions/core/migrate-handler.ts';
import { plannerInput } from '../../functions/core/planner-handler.ts';
import { sweeperInput } from '../../functions/core/sweeper-handler.ts';
import { pipelines } from '../../functions/pipelines.ts';
import { jobArgs } from '../../infra/local/cli/job-args.ts';
import { apis } from '../../infra/openapi/apis.ts';
import { codeSpans, commands, page, pages, words } from '../support/docs.ts';

const answered = await apis();

interface Shown {
  readonly where: string;
  readonly argv: readonly string[];
  readonly before: readonly string[];
}

/** Commands of the shell blocks, and those that a sentence quotes; each with the lines before it in its block. */
const shown: readonly Shown[] = pages().flatMap((from) => {
  const lines = commands(from);
  const inBlocks = lines.map(({ where, line }, index) => ({
    where: `${where} ${line}`,
    argv: words(line.replace(/^(?:[A-Z_]+=\S+ )+(?=npm)/, '')),
    before: lines.slice(0, index).flatMap((each) => (each.where === where ? [each.line] : [])),
  }));
  const inText = codeSpans(from)
    .filter((span) => /^(?:UPDATE_DOCS=1 )?np[mx] /.test(span) && !span.includes('<'))
    .map((span) => ({ where: `${from.path} ${span}`, argv: words(span), before: [] }));
  return [...inBlocks, ...inText];
});

const beginningWith = (...first: string[]) =>
  shown.filter(({ argv }) => first.every((word, index) => argv[index] === word));

const flagsOf = (argv: readonly string[]) =>
  argv.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');

describe('npm', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(page('package.json').text));

  test('runs scripts that exist', () => {
    const named = [
      ...beginningWith('npm', 'run'),
      ...beginningWith('npm', 'start'),
      ...beginningWith('npm', 'test'),
    ];
    expect(named.length).toBeGreaterThan(15);
    for (const { where, argv } of named) {
      expect(Object.keys(scripts), where).toContain(argv[1] === 'run' ? argv[2] : argv[1]);
    }
  });

  test('gives the demo and the stack flags that they have', () => {
    for (const [command, file] of [
      [['npm', 'run', 'demo'], 'demo'],
      [['npm', 'start'], 'start'],
    ] as const) {
      const [, options = ''] =
        /parseArgs\(\{[\s\S]*?options: \{([\s\S]*?)\n {4}\},/.exec(page(`infra/local/cli/${file}.ts`).text) ??
        [];
      const known = [...options.matchAll(/^ +'?([\w-]+)'?: \{ type/gm)].map(([, name]) => `--${name}`);
      expect(known).toContain('--data');
      for (const { where, argv } of beginningWith(...command)) {
        expect(
          flagsOf(argv).filter((flag) => !known.includes(flag)),
          where,
        ).toEqual([]);
      }
    }
  });

  test('gives jobs an input that they take', () => {
    const jobs = beginningWith('npm', 'run', 'job', '--');
    expect(jobs.length).toBeGreaterThan(2);
    for (const { where, argv } of jobs) {
      const [name = '', ...flags] = argv.slice(4);
      const { job } = findJob(name);
      expect(() => job.request(jobArgs(job, flags).request), where).not.toThrow();
    }
  });
});

test('cdk has the commands and flags that are shown', () => {
  const options = z.record(z.string(), z.unknown());
  const { globalOptions, commands: known } = z
    .object({
      globalOptions: options,
      commands: z.record(z.string(), z.object({ options: options.optional() })),
    })
    .parse(JSON.parse(page('node_modules/aws-cdk/lib/cli/cli-type-registry.json').text));
  const cdk = beginningWith('npx', 'cdk').filter(({ argv }) => argv.length > 2);
  expect(cdk.length).toBeGreaterThan(5);
  for (const { where, argv } of cdk) {
    const [command = '', ...rest] = argv.slice(2);
    expect(Object.keys(known), where).toContain(command);
    const flags = Object.keys({ ...globalOptions, ...known[command]?.options });
    const named = flagsOf(rest).map((flag) => flag.replace(/^--(?:no-)?/, ''));
    expect(
      named.filter((flag) => !flags.includes(flag)),
      where,
    ).toEqual([]);
  }
});

describe('the API', () => {
  const endpoints = answered.flatMap(({ handler }) => handler.endpoints);
  const requests = [...beginningWith('call'), ...beginningWith('curl')].flatMap(({ where, argv }) => {
    const address = argv.find((word) => word.startsWith('$API/'));
    if (address === undefined) return [];
    const url = new URL(address.replace('$API', 'http://api').replaceAll('$RUN_ID', crypto.randomUUID()));
    const body = argv[argv.indexOf('-d') + 1];
    return [{ where, url, body: argv.includes('-d') ? body : undefined, argv }];
  });

  test('has the paths and takes the parameters that are shown', () => {
    expect(requests.length).toBeGreaterThan(10);
    for (const { where, url, body, argv } of requests) {
      const posts = ['POST', '--data-binary', '-F'].some((word) => argv.includes(word));
      const method = body === undefined && !posts ? 'GET' : 'POST';
      const found = endpoints.find(
        ({ method: its, route }) =>
          its === method && new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`).test(url.pathname),
      );
      expect(found, where).toBeDefined();
      if (body !== undefined && found?.body !== undefined) {
        expect(found.body.safeParse(JSON.parse(body)).error, where).toBeUndefined();
      }
      expect(found?.query.safeParse(Object.fromEntries(url.searchParams)).error, where).toBeUndefined();
      const names = [...url.searchParams.keys()];
      expect(names, `${where}: curl signs them in this order`).toEqual(names.toSorted());
    }
  });

  test('starts what the bodies name', () => {
    const started = requests.flatMap(({ where, url, body, argv }) =>
      body === undefined || url.pathname !== '/api/v1/runs' ? [] : [{ where, body, argv }],
    );
    expect(started.length).toBeGreaterThan(3);
    for (const { where, body, argv } of started) {
      expect(argv.join(' '), where).toContain('content-type: application/json');
      expect(argv.join(' '), where).toContain('idempotency-key: ');
      expect(() => startRequest(JSON.parse(body)), where).not.toThrow();
    }
  });
});

const inputs = z.record(z.string(), z.json());
const body = z.union([
  z.strictObject({ job: z.string(), asOf: z.string().optional(), input: inputs.optional() }),
  z.strictObject({
    pipeline: z.string(),
    asOf: z.string().optional(),
    input: z.record(z.string(), inputs).optional(),
  }),
]);

function startRequest(value: unknown): void {
  const request = body.parse(value);
  if ('job' in request) findJob(request.job).job.request({ ...request.input, asOf: request.asOf });
  else {
    findPipeline(request.pipeline);
    for (const [job, input] of Object.entries(request.input ?? {})) findJob(job).job.request(input);
  }
}

/** By the name of a function, what it says to an event. */
const accepts = new Map<string, (event: unknown) => unknown>([
  ...pipelines.flatMap(({ domain, jobs }) => [
    [`cuadre-${domain}-planner`, (event: unknown) => parse(plannerInput, event)] as const,
    ...Object.keys(jobs).map(
      (job) =>
        [`cuadre-${job.replace('.', '-')}`, (event: unknown) => findJob(job).job.request(event)] as const,
    ),
  ]),
  ['cuadre-sweeper', (event) => parse(sweeperInput, event)],
  ['cuadre-audit-seal', (event) => parse(auditInput, event)],
  ['cuadre-migrate', (event) => parse(migrateInput, event)],
]);

test('functions are invoked with events that they take', () => {
  const invoked = shown.filter(({ argv }) => argv.includes('lambda') && argv.includes('invoke'));
  expect(invoked.length).toBeGreaterThan(6);
  for (const { where, argv, before } of invoked) {
    expect(argv[argv.indexOf('--payload') + 1], where).toBe('fileb://in.json');
    const written = before.findLast((line) => line.endsWith('> in.json'));
    const [, payload] = words(written ?? '');
    const event: unknown = JSON.parse(payload ?? '');
    const accept = accepts.get(argv[argv.indexOf('--function-name') + 1] ?? '');
    expect(accept, `${where}: what this function takes is not known to this test`).toBeDefined();
    expect(() => accept?.(event), where).not.toThrow();
  }
});

test('an event that a function does not take would show', () => {
  for (const [name, accept] of accepts) expect(() => accept({ dryrun: false }), name).toThrow('dryrun');
});

test('the README’s events are events that the claims job takes', () => {
  const events = codeSpans(page('README.md')).filter((span) => span.startsWith('{'));
  expect(events.length).toBeGreaterThan(2);
  for (const event of events) {
    expect(() => findJob('cabinet.claims-reconcile').job.request(JSON.parse(event)), event).not.toThrow();
  }
});
