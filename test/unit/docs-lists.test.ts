/** What the code can say and have, against what the pages explain: each list is compared in both directions. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { answerTo, sqlstates } from '../../functions/core/database/sqlstate.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { parseConfig } from '../../infra/config.ts';
import { playedTypes } from '../../infra/local/assembly/catalogue.ts';
import { assemblyFor } from '../infra/assembly.ts';
import { ENVIRONMENTS } from '../infra/environments.ts';
import { cabinetJobs } from '../support/cabinet-jobs.ts';
import { codeSpans, filesBelow, type Page, page, pages, rows, section } from '../support/docs.ts';

const operate = page('docs/operate.md');
const deploy = page('docs/deploy.md');
const cabinet = page('docs/cabinet.md');
const jobs: Pipeline['jobs'] = cabinetDaily.jobs;
/** The domain's page and those of its parts. */
const cabinetPages = pages().filter(({ path }) => path.startsWith('docs/cabinet'));
const local = page('docs/local.md');

const sorted = (values: Iterable<string>) => [...new Set(values)].toSorted();

/** Everything between backticks in the first cells of a page's tables. */
const firstCells = (from: Page) => rows(from).flatMap(([cell = '']) => codeSpans({ ...from, text: cell }));

const matches = (files: readonly string[], pattern: RegExp) =>
  files
    .map(page)
    .flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match.slice(1).find(Boolean) ?? ''));

const SCREAMING = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;

describe('the runbook', () => {
  const assemblies = [assemblyFor('default'), assemblyFor('aurora with jwt')];

  test.each(pages())('$path names no function, queue, stack or alarm that the templates lack', (from) => {
    const known = new Set(
      assemblies.flatMap((assembly) => [...assembly.templates.keys(), ...namesIn(assembly.all())]),
    );
    const withoutAnchors = from.text.replace(/\]\([^)]*\)/g, ']');
    const named = [...withoutAnchors.matchAll(/\bcuadre-[a-z0-9-]*[a-z0-9]/g)].map(([name]) => name);
    // The bucket's name ends in account and region, which the template joins to it.
    expect(sorted(named).filter((name) => !known.has(name) && !known.has(`${name}-`))).toEqual([]);
  });

  test('explains each error code of the local runtime where it belongs', () => {
    const made = matches(filesBelow('infra/local', '.ts'), /\bcode: '([A-Z0-9_]+)'/g);
    const explained = [...firstCells(section(local, 'Errors')), ...firstCells(page('docs/data-sets.md'))];
    expect(sorted(explained.filter((code) => SCREAMING.test(code)))).toEqual(sorted(made));
  });

  test('says of PostgreSQL’s codes what becomes of them: each that is retried, and no other', () => {
    const said = rows(section(operate, "PostgreSQL's own codes")).flatMap(([cell = '']) => {
      const codes = codeSpans({ ...operate, text: cell });
      return [...codes, ...[...cell.matchAll(/all of class (\w\w)/g)].map(([, known = '']) => known)];
    });
    const retried = sqlstates.filter((code) => answerTo(code, '') !== 'permanent');
    expect(retried.length).toBeGreaterThan(10);
    expect(retried.filter((code) => !said.includes(code))).toEqual([]);
    expect(said.filter((code) => answerTo(code, '') === 'permanent')).toEqual([]);
    for (const code of ['23505', '22P02', '42501', '28P01']) expect(answerTo(code, '')).toBe('permanent');
  });
});

/** Physical names: every text of the templates that could be one. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/[/ ."]/);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : [];
}

describe('the deployment’s options', () => {
  const documented = rows(section(deploy, 'Options')).filter(([option]) => option?.startsWith('`'));
  const bare = (cell = '') => cell.replaceAll('`', '');

  test('are all there, and no others', () => {
    const { text } = page('infra/config.ts');
    const declared = [
      ...text
        .slice(0, text.indexOf('export type Config'))
        .matchAll(/^ +(\w+)(?:: (?!.*(?:message|path))|,$)/gm),
    ];
    const names = declared.map(([, name = '']) => name).filter((name) => !['path', 'message'].includes(name));
    expect(sorted(documented.flatMap(([option]) => bare(option).split('.')))).toEqual(sorted(names));
  });

  test('have the defaults that are said', () => {
    const existing = parseConfig({ database: ENVIRONMENTS['existing with iam'].database });
    const defaults = new Map([...leaves(existing), ...leaves(parseConfig({}))]);
    for (const [option, said] of documented) {
      if (!said?.startsWith('`')) continue;
      expect(defaults.get(bare(option)), option).toEqual(JSON.parse(bare(said)));
      defaults.delete(bare(option));
    }
    const given = leaves({ database: ENVIRONMENTS['existing with iam'].database }).map(([path]) => path);
    expect([...defaults.keys()].filter((path) => !given.includes(path))).toEqual([]);
  });

  test('of the examples are a deployment', () => {
    const examples = [...deploy.text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json = '']) =>
      JSON.parse(json),
    );
    expect(examples.length).toBeGreaterThan(2);
    for (const example of examples) expect(() => parseConfig(example)).not.toThrow();
  });
});

function leaves(value: unknown, path = ''): [path: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

describe('the cabinet’s page', () => {
  const spans = new Set(cabinetPages.flatMap((each) => codeSpans(each)));
  const sql = filesBelow('sql/cabinet', '.sql');
  const typescript = filesBelow('functions/cabinet', '.ts');

  test('explains every decision, reason and status that the SQL and the jobs can write', () => {
    // Of SQL itself, of a statement's inside, or the beginning of a reason (PAID_FLAG_CHANGED).
    const internal = [
      'GET',
      'INSERT',
      'UPDATE',
      'DELETE',
      'SAME',
      'UTF8',
      'NFD',
      'IDENTITY',
      'NAME',
      'PAID_FLAG',
      'PAY_DATE',
      'CU000',
      'PLATE',
      'CAR',
      'INVALID_INPUT',
    ];
    const written = matches(
      [...sql, ...typescript, 'functions/api/claims-gap.ts'],
      /'([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)'/g,
    );
    const enums = filesBelow('sql/migrations', '.sql')
      .map(page)
      .flatMap(({ text }) => [...text.matchAll(/create type [\w.]+ as enum \(([^)]+)\)/g)])
      .flatMap(([, list = '']) => [...list.matchAll(/'(\w+)'/g)].map(([, value = '']) => value));
    expect(enums.length).toBeGreaterThan(30);
    const words = sorted([...written, ...enums]).filter((word) => !internal.includes(word));
    expect(words.filter((word) => !spans.has(word))).toEqual([]);
    const explained = ['Claims and gaps', 'Loading trips', 'The claims job'].flatMap((name) =>
      firstCells(section(cabinet, name)),
    );
    const known = new Set(words);
    expect(explained.filter((word) => SCREAMING.test(word) && !known.has(word))).toEqual([]);
  });

  test('names every table but those of the ledger', () => {
    const created = matches(
      [...filesBelow('sql/migrations', '.sql'), ...filesBelow('sql/sources', '.sql')],
      /^create table ([\w.]+)/gm,
    );
    const tables = created.filter((table) => !table.startsWith('ops.') || table.endsWith('_rules'));
    expect(tables.length).toBeGreaterThan(15);
    expect(tables.filter((table) => !spans.has(table))).toEqual([]);
  });

  test('knows the jobs, their inputs and their hour', () => {
    for (const { name, keys } of cabinetJobs) {
      // The table of the jobs has the descriptions as they are.
      const { description = '' } = jobs[name] ?? {};
      for (const key of keys) expect(description, name).toMatch(new RegExp(`\\b${key.name}\\b`));
    }
    expect(cabinetDaily.schedule).toMatchObject({
      expression: 'cron(0 2 * * ? *)',
      timeZone: 'America/Lima',
    });
    expect(cabinet.text).toContain('02:00 America/Lima');
  });

  test('has the milestones with their amounts', () => {
    const [values = ''] = matches(
      filesBelow('sql/migrations', '.sql'),
      /into canon\.cabinet_milestones .*values (.+);/g,
    );
    const declared = [...values.matchAll(/\((\d+), ([\d.]+)\)/g)].map(([, trips, amount]) => [
      `M${trips}`,
      amount,
    ]);
    expect(declared).toHaveLength(3);
    expect(rows(section(cabinet, 'Words'))).toEqual(expect.arrayContaining(declared));
  });
});

test('the local runtime’s page has every command that `npm run` gives', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(page('package.json').text));
  const given = Object.entries(scripts).flatMap(([name, does]) =>
    does.includes('cli/main.ts') ? [name] : [],
  );
  const listed = firstCells(local).flatMap((cell) => /^npm (?:run )?(\w+)/.exec(cell)?.[1] ?? []);
  expect(given.length).toBeGreaterThan(5);
  expect(sorted(listed)).toEqual(sorted(given));
});

describe('the authors’ page', () => {
  const authors = page('docs/authors.md');
  const declared = page('functions/core/pipeline.ts').text;
  const keysOf = (name: string) => {
    const [, body = ''] =
      new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(declared) ?? [];
    return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key = '']) => key);
  };

  test('has every key of a job and of a pipeline, and no other', () => {
    const [ofJob, ofPipeline] = [keysOf('JobNode'), keysOf('Pipeline')];
    expect(Math.min(ofJob.length, ofPipeline.length)).toBeGreaterThan(5);
    const said = firstCells(section(authors, 'What a pipeline declares'));
    expect(said.toSorted()).toEqual([...ofJob, ...ofPipeline].toSorted());
    // What stands in a key of its own shape is named beside it.
    const cells = rows(section(authors, 'What a pipeline declares'));
    for (const [key, shape] of [
      ['schedule', 'Schedule'],
      ['freshness', 'Freshness'],
      ['softAfter', 'SoftParent'],
    ]) {
      const [, meaning = ''] = cells.find(([cell]) => cell === `\`${key}\``) ?? [];
      for (const inner of keysOf(shape ?? '')) expect(meaning, key).toContain(inner);
    }
  });

  test('names each file that a pipeline’s stack bundles', () => {
    const bundled = matches(['infra/stacks/pipeline-stack.ts'], /`functions\/\$\{domain\}\/([\w-]+\.ts)`/g);
    expect(bundled.length).toBeGreaterThan(1);
    const spans = codeSpans(section(authors, 'A new pipeline'));
    expect(bundled.filter((file) => !spans.includes(file))).toEqual([]);
  });
});

test('the local runtime’s page has every type that is played, and no other', () => {
  expect(sorted(firstCells(section(local, 'What is played')))).toEqual(sorted(playedTypes.keys()));
});
