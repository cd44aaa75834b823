import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../sql/cabinet/relation.ts';
import { testDatabase } from '../support/database.ts';
import { table } from '../support/uploads.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function* rowsOf(count: number, row: (index: number) => string): Generator<string> {
  yield 'external_id,lead_created_at,first_name,status\n';
  for (let index = 0; index < count; index += 1) yield `${row(index)}\n`;
}

describe('npm run ingest', () => {
  const database = testDatabase();
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cuadre-ingest-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const ingest = (...args: string[]) => ingestWith({}, ...args);
  function ingestWith(more: Record<string, string>, ...args: string[]): Promise<Ended> {
    const main = join(import.meta.dirname, '../../infra/local/cli/main.ts');
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATABASE_URL: database.url('cuadre_jobs'), ...more };
    return new Promise((resolve) => {
      execFile(process.execPath, [main, 'ingest', ...args], { env }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, out, err });
      });
    });
  }
  async function file(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  }
  const leads = () => ask(database.admin, 'select count(*) from public.module_ct_cabinet_leads');
  const header = 'external_id,lead_created_at,first_name';
  const good = table(header, [['a', '2026-01-05', 'Ana']]);

  test('ends with 0 when every row is in, first and again, and a dry run changes nothing', async () => {
    const path = await file('good.csv', good);
    const dry = await ingest('leads', path, '--dry-run');
    expect([dry.code, dry.out, await leads()]).toEqual([
      0,
      expect.stringMatching(/dry run[\s\S]*inserted +1/),
      ['0'],
    ]);
    const first = await ingest('leads', path);
    expect([first.code, first.out]).toEqual([
      0,
      expect.stringMatching(
        /good\.csv as leads {3}upload [0-9a-f-]{36} {3}2026-01-05 to 2026-01-05\n {2}rows +1\n {2}inserted +1\n/,
      ),
    ]);
    const again = await ingest('leads', path);
    expect([again.code, again.out, await leads()]).toEqual([
      0,
      expect.stringMatching(/there already +1/),
      ['1'],
    ]);
  });

  test('ends with 1 when rows were not taken: all of them in a file, the first few shown', async () => {
    const path = await file(
      'bad.csv',
      table(header, [
        ['a', '2026-01-05', 'Eva'],
        ['c', '2026-01-05', 'Bea'],
        ['c', '2026-01-06', 'Bea'],
        ['d', '=1+1', 'Zoé'],
      ]),
    );
    const rejects = join(directory, 'rejects.csv');
    const ended = await ingest('leads', path, '--rejects', rejects, '--show', '2');
    expect(ended.code).toBe(1);
    expect(ended.out.split('\n').filter((line) => line.startsWith('  line'))).toEqual([
      expect.stringMatching(/^ {2}line 5 rejected {2}lead_created_at: must be a date.*, got "=1\+1"$/),
      '  line 3 contradicted  external_id: is on several lines of the file, with different content',
    ]);
    expect((await readFile(rejects, 'utf8')).split('\r\n')).toEqual([
      '\uFEFFline,verdict,field,value,rule',
      expect.stringMatching(/^5,rejected,lead_created_at,'=1\+1,/),
      expect.stringContaining('3,contradicted,external_id,,'),
      expect.stringContaining('4,contradicted,external_id,,'),
      expect.stringContaining('2,different,first_name,,'),
      '',
    ]);
  });

  test('holds no more of a file than a piece: 100,000 rows of 70 MB in 64 MB of memory', async () => {
    const path = join(directory, 'large.csv');
    const wide = 'x'.repeat(480);
    await writeFile(
      path,
      rowsOf(100_000, (row) => `large-${row},2025-12-01 10:00:00,${wide},${wide.slice(0, 200)}`),
    );
    const ended = await ingestWith({ NODE_OPTIONS: '--max-old-space-size=64' }, 'leads', path);
    expect([ended.code, ended.err]).toEqual([0, '']);
    expect(ended.out).toMatch(/inserted +100000/);
  });

  test.each<[string, (path: string) => string[], string]>([
    ['another dataset', (path) => ['drivers', path], 'usage: npm run ingest'],
    ['no file', () => ['leads'], 'usage: npm run ingest'],
    ['two files', (path) => ['leads', path, path], 'usage: npm run ingest'],
    ['an unknown flag', (path) => ['leads', path, '--force'], "Unknown option '--force'"],
    ['a number to show that is none', (path) => ['leads', path, '--show', 'all'], 'usage: npm run ingest'],
    ['a file that is not there', () => ['leads', '/nowhere/leads.csv'], 'the file cannot be read: ENOENT'],
    [
      'a file for rejects that cannot be written',
      (path) => ['leads', path, '--rejects', '/nowhere/r.csv'],
      'nothing was done: /nowhere/r.csv',
    ],
    [
      'a file of another table',
      (path) => ['trips', path],
      'file.header.driver_id: is a column that a trips file must have',
    ],
  ])('refuses %s with 2 and a sentence', async (_what, args, sentence) => {
    const before = await leads();
    const ended = await ingest(...args(await file('good.csv', good)));
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(sentence)]);
    expect(ended.err).not.toContain('    at ');
    expect(await leads()).toEqual(before);
  });
});
