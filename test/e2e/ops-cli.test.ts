/** `npm run ops` as a person uses it, against the whole stack on this machine. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { connect, type Database } from '../../functions/core/database.ts';
import { load, startLocalStack } from '../../infra/local/cli/local-stack.ts';
import { VirtualClock } from '../../infra/local/clock.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { goldenDirectory } from '../support/database.ts';
import { synthesized } from '../support/night.ts';
import { opsCli as cli } from '../support/ops-cli.ts';

describe('against the stack', () => {
  let stack: Stack;
  let admin: Database;
  let clock: VirtualClock;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const made = await synthesized();
    remove = made.remove;
    clock = new VirtualClock().install();
    stack = await startLocalStack({ assembly: made.assembly, clock });
    await load(stack, goldenDirectory);
    admin = connect({ url: stack.databaseAs('postgres'), applicationName: 'test' });
  }, 300_000);
  afterAll(async () => {
    await admin?.close();
    await stack?.stop();
    clock?.restore();
    await remove?.();
  });

  const ops = (...args: string[]) => cli([...args, '--api', stack.urls.api ?? '']);
  const asJson = async <S extends z.ZodType>(schema: S, ...args: string[]): Promise<z.output<S>> =>
    schema.parse(JSON.parse((await ops(...args, '--json')).out));

  /** Until no run is under way, looking whenever a function has ended. */
  async function allOver(since: number): Promise<void> {
    for (let after = since; ; ) {
      const running = await admin.sql`select from ops.runs where status = 'running'`;
      if (running === 0) return;
      after = (await stack.trail.waitFor('function.ended', () => true, { after, timeoutMs: 50_000 }))
        .sequence;
    }
  }
  const position = () => stack.trail.position;

  test('a backfill: planned, begun, run date by date, and shown', async () => {
    const range = ['cabinet-daily', '--from', '2026-01-12', '--to', '2026-01-13'];
    const planned = await ops('backfill', 'plan', ...range);
    expect([planned.code, planned.out]).toEqual([
      0,
      expect.stringContaining('2 to run, 0 done before, 0 under way'),
    ]);
    expect(await admin.sql`select from ops.runs`).toBe(0);

    const from = position();
    const begun = await asJson(
      z.looseObject({ backfill_id: z.uuid(), started: z.literal(1) }),
      ...['backfill', 'start', ...range, '--reason', 'the source was late'],
    );
    await allOver(from);
    const shown = await ops('backfill', 'show', begun.backfill_id);
    expect([shown.code, shown.out]).toEqual([
      0,
      expect.stringMatching(/2026-01-12 +succeeded[\s\S]*2026-01-13 +succeeded/),
    ]);
    expect(shown.out).toContain('finished');
    expect((await ops('backfill', 'list', '--status', 'finished')).out).toContain(begun.backfill_id);
    // The sweeper was told of the second run by whoever ended the first.
    const sent = await admin.sql`select from ops.outbox where sent_at is null`;
    expect(sent).toBe(0);

    const again = await ops('backfill', 'plan', ...range);
    expect(again.out).toContain('0 to run, 2 done before');
  }, 300_000);

  test('its runs: listed, shown with their jobs, and why they decided as they did', async () => {
    const run = z.looseObject({ run_id: z.uuid(), as_of: z.string() });
    const listed = z.looseObject({ data: z.array(run) });
    const { data } = await asJson(
      listed,
      'runs',
      '--trigger',
      'backfill',
      '--kind',
      'pipeline',
      '--no-dry-run',
    );
    expect(data.map(({ as_of }) => as_of)).toEqual(['2026-01-13', '2026-01-12']);
    const [newest] = data;
    const page = await ops('runs', '--as-of-from', '2026-01-12', '--limit', '1');
    expect(page.out).toMatch(/more: --cursor \w+/);
    const cursor = /--cursor (\S+)/.exec(page.out)?.[1] ?? '';
    expect((await ops('runs', '--limit', '1', '--cursor', cursor)).out).toContain('2026-01-12');
    const shown = await ops('run', newest?.run_id ?? '');
    expect(shown.code).toBe(1);
    expect(shown.out).toMatch(/cabinet\.claims-reconcile +succeeded +1/);
    const why = await ops('decisions', newest?.run_id ?? '', '--decision', 'PASSED', '--limit', '3');
    expect(why.out).toMatch(/cabinet\.validation +\S+ +PASSED/);
    expect(why.out).toContain('more: --cursor');
  });

  test('schedules: listed, paused and resumed with a reason', async () => {
    const listed = await ops('schedules', 'list');
    expect([listed.code, listed.out]).toEqual([
      0,
      expect.stringMatching(/cuadre-cabinet-daily +cron\(0 2 \* \* \? \*\) +America\/Lima +enabled/),
    ]);
    const paused = await ops('schedules', 'pause', 'cuadre-cabinet-daily', '--reason', 'holidays');
    expect([paused.code, paused.out]).toEqual([
      0,
      expect.stringMatching(/cuadre-cabinet-daily .* paused +- /),
    ]);
    const unsaid = await ops('schedules', 'resume', 'cuadre-cabinet-daily');
    expect([unsaid.code, unsaid.err]).toEqual([2, expect.stringContaining('--reason')]);
    const resumed = await ops('schedules', 'resume', 'cuadre-cabinet-daily', '--reason', 'they are over');
    expect([resumed.code, resumed.out]).toEqual([
      0,
      expect.stringMatching(/cuadre-cabinet-daily .* enabled/),
    ]);
    const again = await ops('schedules', 'resume', 'cuadre-cabinet-daily', '--reason', 'to be sure');
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('SCHEDULE_NOT_PAUSED')]);
  });

  test('a redrive: found by its error, shown, taken up again under the same id', async () => {
    await admin.script('revoke insert, update on canon.claims_yango_cabinet_14d from cuadre_jobs');
    let from = position();
    const started = await asJson(
      z.looseObject({ run_id: z.uuid() }),
      ...['start', 'cabinet.claims-reconcile', '--as-of', '2026-01-11', '--input', '{"limit": 100}'],
    );
    await allOver(from);
    const failed = await ops('run', started.run_id);
    expect([failed.code, failed.out]).toEqual([2, expect.stringContaining('42501')]);
    await admin.script('grant insert, update on canon.claims_yango_cabinet_14d to cuadre_jobs');

    const look = await ops('redrive', '--code', '42501', '--job', 'cabinet.claims-reconcile');
    expect([look.code, look.out]).toEqual([
      0,
      expect.stringContaining('1 of 1 can be taken up; nothing was changed'),
    ]);
    expect(look.out).toContain(started.run_id);
    from = position();
    const begun = await asJson(
      z.looseObject({ redrive_id: z.uuid() }),
      ...['redrive', '--code', '42501', '--go', '--reason', 'the rights are back'],
    );
    await allOver(from);
    expect((await ops('redrive', 'show', begun.redrive_id)).out).toMatch(/RETRIED .* succeeded/);
    const list = await ops('redrive', 'list', '--status', 'finished', '--limit', '1');
    expect(list.out).toContain('the rights are back');
    expect(list.out).toMatch(/more: --cursor \w+/);
    expect((await ops('redrive', 'list', '--status', 'running')).out).not.toContain('the rights are back');
    const mended = await ops('run', started.run_id);
    expect(mended.out).toContain(`redrive ${begun.redrive_id}: the rights are back`);
    expect(mended.code).toBe(0);

    const refused = await ops('redrive', '--run', started.run_id);
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining(`run ${started.run_id} has succeeded: start a new one to do it again`),
    ]);
    const over = await ops('redrive', 'cancel', begun.redrive_id, '--reason', 'x');
    expect([over.code, over.err]).toEqual([2, expect.stringContaining('REDRIVE_OVER')]);
  }, 300_000);

  test('a run is cancelled and taken up again; a sweep says what there is', async () => {
    const nobody = crypto.randomUUID();
    for (const command of ['cancel', 'retry']) {
      const ended = await ops(command, nobody, '--reason', 'x');
      expect([ended.code, ended.err]).toEqual([
        2,
        `error: there is no run ${nobody} (UNKNOWN_RUN), answered 404\n`,
      ]);
    }
    const swept = await ops('sweep');
    expect([swept.code, swept.out]).toEqual([
      0,
      expect.stringContaining('nothing was changed: --go does it'),
    ]);
    expect((await ops('sweep', '--go')).out).toMatch(/requeued +0/);
  });

  test.each<[string, string[], string]>([
    [
      'a range that is backwards',
      ['backfill', 'plan', 'cabinet-daily', '--from', '2026-01-13', '--to', '2026-01-12'],
      'body.to: must not be before from, 2026-01-13, got "2026-01-12"',
    ],
    [
      'a future date',
      ['backfill', 'plan', 'cabinet-daily', '--from', '2026-01-13', '--to', '2199-01-01'],
      'body.to: must not be in the future',
    ],
    [
      'too many days',
      ['backfill', 'plan', 'cabinet-daily', '--from', '2020-01-01', '--to', '2026-01-12'],
      'must be at most 366 days from 2020-01-01 on, and these are 2204',
    ],
    [
      'an unknown pipeline',
      ['backfill', 'plan', 'nightly', '--from', '2026-01-12', '--to', '2026-01-12'],
      'pipeline: must be one of cabinet-daily, got "nightly"',
    ],
    [
      'no dates at a time',
      [
        'backfill',
        'plan',
        'cabinet-daily',
        '--from',
        '2026-01-12',
        '--to',
        '2026-01-12',
        '--concurrency',
        '0',
      ],
      'body.concurrency',
    ],
    [
      'a backfill without a reason',
      ['backfill', 'start', 'cabinet-daily', '--from', '2026-01-12', '--to', '2026-01-12'],
      '--reason: is required',
    ],
    [
      'a job’s key that it does not have',
      [
        'backfill',
        'plan',
        'cabinet-daily',
        '--from',
        '2026-01-12',
        '--to',
        '2026-01-12',
        '--input',
        '{"cabinet.claims-reconcile": {"limt": 1}}',
      ],
      'limt: is not a known key',
    ],
    [
      'a backfill that there is not',
      ['backfill', 'pause', '00000000-0000-4000-8000-000000000000', '--reason', 'x'],
      'UNKNOWN_BACKFILL',
    ],
    ['an unknown state', ['runs', '--status', 'done'], 'query.status'],
    [
      'run dates that are backwards',
      ['runs', '--as-of-from', '2026-01-13', '--as-of-to', '2026-01-12'],
      'query.as_of_to: must not be before as_of_from',
    ],
    [
      'a redrive of times that are backwards',
      ['redrive', '--failed-from', '2026-01-13T00:00:00Z', '--failed-to', '2026-01-12T00:00:00Z'],
      'body.failedTo: must be after failedFrom',
    ],
    [
      'a redrive by id and by filter',
      ['redrive', '--run', '00000000-0000-4000-8000-000000000000', '--job', 'cabinet.validation'],
      'body.job: cannot be given with runs',
    ],
    ['an id with a slash', ['run', '../runs'], 'must be an id or a name'],
    ['a flag that is not known', ['runs', '--colour', 'red'], "Unknown option '--colour'"],
    ['a word too few', ['run'], 'takes RUN_ID'],
    ['a command that there is not', ['repeat'], 'usage: npm run ops'],
  ])('refuses %s with 2 and a sentence, and changes nothing', async (_what, args, sentence) => {
    const before = await admin.sql`select from ops.operator_actions`;
    const ended = await ops(...args);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(sentence)]);
    expect(ended.err).not.toContain('    at ');
    expect(await admin.sql`select from ops.operator_actions`).toBe(before);
  });
});
