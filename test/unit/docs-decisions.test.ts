import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readObjects } from '../../functions/core/migrations/objects.ts';
import { codeSpans, filesBelow, page, project, rows, section } from '../support/docs.ts';

const decisions = page('docs/cabinet-decisions.md');
const numbered = (name: string) =>
  rows(section(decisions, name)).filter(([cell]) => /^[CO]-\d+$/.test(cell ?? ''));
const promised = (name: string) => rows(section(decisions, name)).filter((cells) => cells.length === 2);

/** Objects with a file of their own, and the tables that migrations and the upstream make. */
const objects = new Set([
  ...(await readObjects(join(project, 'sql'))).map(({ name }) => name),
  ...[...filesBelow('sql/migrations', '.sql'), ...filesBelow('sql/sources', '.sql')].flatMap((file) =>
    [...page(file).text.matchAll(/^create table ([\w.]+)/gm)].map(([, table = '']) => table),
  ),
]);

/** What a cell says holds it, and which of that is not there. */
function missing(cell: string): string[] {
  const spans = codeSpans({ ...decisions, text: cell });
  const notThere = spans.filter(
    (span) => !(/^[\w./-]+\/[\w.-]+$/.test(span) ? existsSync(join(project, span)) : objects.has(span)),
  );
  const titled = [...cell.matchAll(/`(test\/[\w./-]+\.test\.ts)`: ((?:“[^”]+”(?:, )?)+)/g)];
  const untold = titled.flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/“([^”]+)”/g)].flatMap(([, title = '']) =>
      tells(file, title) ? [] : [`${file}: ${title}`],
    ),
  );
  const quoted = [...cell.matchAll(/“/g)].length;
  const understood = titled.reduce((sum, [, , titles = '']) => sum + [...titles.matchAll(/“/g)].length, 0);
  return [...notThere, ...untold, ...(quoted === understood ? [] : [`a title without its file: ${cell}`])];
}

/** Whether the file has a test, a describe or a case of exactly this title. */
function tells(file: string, title: string): boolean {
  if (!existsSync(join(project, file))) return false;
  const text = readFileSync(join(project, file), 'utf8');
  return [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``].some((literal) =>
    text.includes(literal),
  );
}

describe('the decisions’ page', () => {
  test('has each contradiction and each open point once, in order', () => {
    const numbers = (name: string) => numbered(name).map(([number]) => number);
    expect(numbers('Contradictions')).toEqual(
      Array.from({ length: 37 }, (_, index) => `C-${String(index + 1).padStart(2, '0')}`),
    );
    expect(numbers('Open points')).toEqual(Array.from({ length: 9 }, (_, index) => `O-${index + 1}`));
  });

  test.each(['Contradictions', 'Open points'])(
    '%s: each is asked, decided, and held by what exists',
    (name) => {
      for (const cells of numbered(name)) {
        expect(cells).toHaveLength(4);
        const [number, question = '', decided = '', held = ''] = cells;
        expect(
          [question, decided].every((cell) => cell.length > 10),
          number,
        ).toBe(true);
        expect(held, number).toContain('`');
        expect(missing(held), number).toEqual([]);
      }
    },
  );

  test.each(['What holds of the whole', 'Boundary cases'])(
    '%s: each by a test that has the title',
    (name) => {
      const lines = promised(name).filter(([first]) => first !== 'case' && first !== 'promise');
      expect(lines.length).toBeGreaterThan(4);
      for (const [what = '', held = ''] of lines) {
        expect(held, what).toContain('“');
        expect(missing(held), what).toEqual([]);
      }
    },
  );

  test('and a title, an object or a file that is not there would show', () => {
    expect(missing('`ops.v_never`')).toEqual(['ops.v_never']);
    expect(missing('`sql/never.sql`')).toEqual(['sql/never.sql']);
    expect(missing('`test/unit/docs-decisions.test.ts`: “a title of none”')).toEqual([
      'test/unit/docs-decisions.test.ts: a title of none',
    ]);
    expect(missing('nowhere: “a title”')).toHaveLength(1);
  });
});
