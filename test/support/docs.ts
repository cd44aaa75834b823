/** The project's pages as data: what they link, quote, embed and list. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const project = join(import.meta.dirname, '../..');

export interface Page {
  /** Relative to the project, e.g. `docs/operate.md`. */
  readonly path: string;
  readonly text: string;
}

export function page(path: string): Page {
  return { path, text: readFileSync(join(project, path), 'utf8') };
}

/** README.md and everything in docs/. */
export function pages(): Page[] {
  const inDocs = readdirSync(join(project, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...inDocs.toSorted().map((name) => `docs/${name}`)].map(page);
}

export interface Fence {
  /** The page and the line on which it opens, for messages. */
  readonly where: string;
  readonly language: string;
  readonly lines: readonly string[];
}

/** The fenced blocks of a page, and the page with nothing in their place. */
function split({ path, text }: Page): { fences: Fence[]; prose: string } {
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { where: string; language: string; lines: string[] } | undefined;
  let indent = '';
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^(\s*)```(\S*)/.exec(line);
    if (mark !== null) {
      if (open === undefined) {
        open = { where: `${path}:${index + 1}`, language: mark[2] ?? '', lines: [] };
        indent = mark[1] ?? '';
      } else {
        fences.push(open);
        open = undefined;
      }
    } else if (open === undefined) prose.push(line);
    else open.lines.push(line.startsWith(indent) ? line.slice(indent.length) : line);
  }
  if (open !== undefined) throw new Error(`${open.where}: the block is never closed`);
  return { fences, prose: prose.join('\n') };
}

export function fences(from: Page): Fence[] {
  return split(from).fences;
}

/** What stands in the page's text between backticks. */
export function codeSpans(from: Page): string[] {
  return [...split(from).prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** Targets of `[text](target)`. */
export function links(from: Page): string[] {
  return [...split(from).prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** As GitHub makes it. */
  readonly anchor: string;
}

export function headings(from: Page): Heading[] {
  return [...split(from).prose.matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', text = '']) => ({
    level: marks.length,
    text,
    anchor: text
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  }));
}

export interface Part extends Heading {
  /** What stands under the heading itself, down to the next one of whatever level. */
  readonly own: Page;
}

export function parts(from: Page): Part[] {
  const found = headings(from);
  const lines = from.text.split('\n');
  let begins = 0;
  const places = found.map(({ level, text }) => {
    begins = lines.indexOf(`${'#'.repeat(level)} ${text}`, begins) + 1;
    return begins;
  });
  return found.map((heading, index) => {
    const end = index + 1 < found.length ? (places[index + 1] ?? 0) - 1 : lines.length;
    const text = lines.slice(places[index], end).join('\n');
    return { ...heading, own: { path: `${from.path}, "${heading.text}"`, text } };
  });
}

/** A page's part under a heading, down to the next heading of its level or above. */
export function section(from: Page, heading: string): Page {
  const lines = from.text.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start === -1) throw new Error(`${from.path} has no heading "${heading}"`);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  const text = lines.slice(start, length === -1 ? undefined : start + 1 + length).join('\n');
  return { path: `${from.path}, "${heading}"`, text };
}

/** The cells of every table row, headers and rulers left out. */
export function rows(from: Page): string[][] {
  const lines = split(from).prose.split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !isRuler(line) && !isRuler(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .replace(/^\|\s*|\s*\|$/g, '')
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

function isRuler(line: string): boolean {
  return /^\|[\s:|-]+\|$/.test(line);
}

/** The command lines of a page's shell blocks, continued lines joined. */
export function commands(from: Page): { readonly where: string; readonly line: string }[] {
  return fences(from)
    .filter(({ language }) => ['', 'sh'].includes(language))
    .flatMap(({ where, lines }) =>
      lines
        .join('\n')
        .replace(/\\\n\s*/g, '')
        .split('\n')
        .map((line) => ({ where, line: line.trim() })),
    );
}

/** A command's words as a shell splits them: quotes go, what is quoted stays together. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:"((?:\\.|[^"\\])*)"|'([^']*)'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_whole, double, single) =>
      single === undefined ? String(double).replace(/\\(["\\$`])/g, '$1') : String(single),
    ),
  );
}

/**
 * The page with what it takes from elsewhere made anew: the block after `<!-- file: PATH -->` holds that file, the
 * table after `<!-- table: NAME -->` that of `tables`.
 */
export function upToDate(
  { path, text }: Page,
  tables: Readonly<Record<string, readonly (readonly string[])[]>>,
): string {
  return text
    .replace(
      /^(<!-- file: (\S+) -->\n```\w*\n)(?:[\s\S]*?\n)??(```)$/gm,
      (_whole, opening: string, file: string, closing: string) =>
        `${opening}${readFileSync(join(project, file), 'utf8')}${closing}`,
    )
    .replace(/^(<!-- table: ([\w-]+) -->\n)(?:\|.*\n)*/gm, (_whole, opening: string, name: string) => {
      const [head, ...body] = tables[name] ?? [];
      if (head === undefined) throw new Error(`${path}: there is no table ${name}`);
      return `${opening}${[head, head.map(() => '---'), ...body].map(tableRow).join('')}`;
    });
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** The text of the block that follows `<!-- NAME -->`. */
export function marked({ path, text }: Page, name: string): string {
  const [, block] = text.split(`<!-- ${name} -->\n`)[1]?.match(/^```\w*\n([\s\S]*?)^```$/m) ?? [];
  if (block === undefined) throw new Error(`${path} has no block marked "${name}"`);
  return block;
}

/** Paths of the files below a directory of the project whose names end in one of `endings`. */
export function filesBelow(directory: string, ...endings: string[]): string[] {
  return readdirSync(join(project, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => join(directory, name))
    .toSorted();
}
