import { existsSync, globSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { datasets } from '../../functions/cabinet/uploads/datasets.ts';
import { leadingComments } from '../../functions/core/migrations/files.ts';
import { readObjects } from '../../functions/core/migrations/objects.ts';
import { inertTypes } from '../../infra/local/assembly/inert.ts';
import { datasetTables } from '../../infra/local/data/format.ts';
import { apis } from '../../infra/openapi/apis.ts';
import { checkTable } from '../support/check-table.ts';
import {
  codeSpans,
  filesBelow,
  headings,
  links,
  type Page,
  page,
  pages,
  project,
  rows,
  section,
  upToDate,
} from '../support/docs.ts';
import { jobAlarmTable, jobTable } from '../support/job-table.ts';
import { inertProperties } from '../support/local-types.ts';
import { routeLimitTable } from '../support/route-limits.ts';
import { runbookIndex } from '../support/runbook.ts';

const code = (text: string) => `\`${text}\``;

/** What the pages take from the code. `UPDATE_DOCS=1 npx vitest run test/unit/docs.test.ts` writes it into them. */
const tables = {
  'data-set-files': [
    ['file', 'columns'],
    ...datasetTables.map(({ name, columns }) => [code(`${name}.csv`), columns.map(code).join(' ')]),
  ],
  'cabinet-relations': [
    ['relation', 'grain'],
    ...(await readObjects(join(project, 'sql')))
      .filter(({ file, kind }) => file.startsWith('sql/cabinet/') && kind !== 'script')
      .map(({ name, text }) => [code(name), (leadingComments(text)[0] ?? '').replace('-- grain: ', '')])
      .toSorted(([a = ''], [b = '']) => a.localeCompare(b)),
  ],
  'upload-columns': [
    ['file', 'column', 'must have', 'a value'],
    ...Object.values(datasets).flatMap(({ name, columns }) =>
      columns.map((column) => [
        name,
        code(column.name),
        { header: 'must have', filled: 'must have, filled', none: '' }[column.needs ?? 'none'],
        column.cell.rule,
      ]),
    ),
  ],
  'cabinet-checks': checkTable(),
  'cabinet-jobs': jobTable(cabinetDaily),
  'route-limits': routeLimitTable(),
  'runbook-index': runbookIndex(),
  'job-alarms': jobAlarmTable(cabinetDaily),
  'inert-types': [
    ['type', 'why'],
    ...Object.entries(inertTypes).map(([type, reason]) => [code(type), reason]),
  ],
  'inert-properties': [
    ['type', 'properties', 'why'],
    ...inertProperties().map(({ type, properties, reason }) => [
      code(type),
      properties.map(code).join(' '),
      reason,
    ]),
  ],
};

if (process.env['UPDATE_DOCS'] === '1') {
  for (const each of pages()) writeFileSync(join(project, each.path), upToDate(each, tables));
}

/** `docs/x.md#anchor` as a page writes it, from the project's root. */
function targetOf(from: Page, link: string): { file: string; anchor: string | undefined } {
  const [path = '', anchor] = link.split('#');
  return { file: path === '' ? from.path : normalize(join(dirname(from.path), path)), anchor };
}

describe.each(pages())('$path', (from) => {
  test('links to files and headings that exist', () => {
    const dead = links(from)
      .filter((link) => !/^\w+:/.test(link))
      .filter((link) => {
        const { file, anchor } = targetOf(from, link);
        if (!existsSync(join(project, file))) return true;
        return anchor !== undefined && !headings(page(file)).some((heading) => heading.anchor === anchor);
      });
    expect(dead).toEqual([]);
  });

  test('names files that exist', () => {
    const looksLikeOurs =
      /^(?:(?:functions|infra|sql|test|docs|\.ci)(?:\/[\w.*-]+)*\/?|[\w.]+\.(?:json|md|lock))$/;
    const notOurs = ['cdk.context.json', 'running.json', 'in.json', 'out.json', 'outputs.json'];
    const missing = codeSpans(from)
      .filter((span) => looksLikeOurs.test(span) && !notOurs.includes(span))
      .filter((path) => globSync(path, { cwd: project }).length === 0);
    expect(missing).toEqual([]);
  });

  test('holds what it takes from the code, as it is there now', () => {
    expect(upToDate(from, tables)).toBe(from.text);
  });

  test('has no two headings of one anchor', () => {
    const anchors = headings(from).map(({ anchor }) => anchor);
    expect(anchors).toEqual([...new Set(anchors)]);
  });
});

describe('the code', () => {
  const sources = ['functions', 'infra', 'sql', 'test/support']
    .flatMap((directory) => filesBelow(directory, '.ts', '.sql'))
    .map(page);

  test('refers to pages and headings that exist', () => {
    const mentions = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(docs\/[\w-]+\.md)(?:, "([^"]+)")?/g)].map(([, file = '', heading]) => ({
        path,
        file,
        heading,
      })),
    );
    expect(mentions.length).toBeGreaterThan(3);
    for (const { path, file, heading } of mentions) {
      expect(existsSync(join(project, file)), `${path}: ${file}`).toBe(true);
      if (heading === undefined) continue;
      expect(
        headings(page(file)).map(({ text }) => text),
        path,
      ).toContain(heading);
    }
  });

  test('answers the requests that the README lists, and no others', async () => {
    const listed = rows(section(page('README.md'), 'What answers')).map(([request = '']) => request);
    const answered = (await apis())
      .flatMap(({ handler }) => handler.endpoints)
      .filter(({ aliasOf }) => aliasOf === undefined)
      .map(({ method, route }) => code(`${method} ${route}`));
    expect(listed.toSorted()).toEqual(answered.toSorted());
  });

  test('has the folders that the README lists', () => {
    const listed = section(page('README.md'), 'Where things are')
      .text.split('\n')
      .flatMap((line) => /^([\w/]+) {2,}\S/.exec(line)?.[1] ?? []);
    expect(listed.length).toBeGreaterThan(5);
    expect(listed.filter((folder) => !existsSync(join(project, folder)))).toEqual([]);
  });
});
