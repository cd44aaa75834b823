/** docs/operate.md as a runbook: what each alarm and each code is headed by, and the commands that stand there. */
import { codeSpans, fences, links, type Page, type Part, page, parts, rows } from './docs.ts';

export const runbook = page('docs/operate.md');

/** The chapters that say what to do about something that has a name. */
const CHAPTERS = ['Alarms', 'Dead letters', 'Error codes', 'A deployment stops at the migrations'];

/** Codes of errors and of dead letters, SQLSTATEs, alarms. */
const NAME = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|\d[0-9A-Z]{4}|cuadre-[\w<>-]+)$/;

export interface Entry {
  readonly part: Part;
  /** What the heading itself names. */
  readonly headed: readonly string[];
  /** Codes that only the text below it names: the first cells of its tables, or, of the migrations, a sentence. */
  readonly listed: readonly string[];
}

export function entries(): Entry[] {
  let chapter = '';
  return parts(runbook).flatMap((part) => {
    if (part.level <= 2) chapter = part.text;
    if (!CHAPTERS.includes(chapter)) return [];
    const headed = namesIn({ path: runbook.path, text: part.text });
    const cells = rows(part.own).map(([cell = '']) => ({ path: runbook.path, text: cell }));
    const below = chapter.startsWith('A deployment') ? [part.own] : part.text === 'Alarms' ? [] : cells;
    const listed = below
      .flatMap(namesIn)
      .filter((name) => !headed.includes(name) && !name.startsWith('cuadre-'));
    return [{ part, headed, listed: [...new Set(listed)] }];
  });
}

function namesIn(from: Page): string[] {
  return codeSpans(from).filter((span) => NAME.test(span));
}

/** The table at the head of the page. */
export function runbookIndex(): string[][] {
  const lines = entries().flatMap(({ part, headed, listed }) => {
    const names = [...headed, ...listed];
    const words = part.text.replace(/:? ?`.*$/, '');
    const where = `[${words === '' ? 'what to do' : words}](#${part.anchor})`;
    return names.length === 0 ? [] : [[names.map((name) => `\`${name}\``).join(' '), where]];
  });
  return [['alarm or code', 'where'], ...lines];
}

/** Whether a command stands under the heading itself, or under one that its text links to. */
export function leadsToCommand({ own }: Part): boolean {
  return hasCommand(own) || links(own).some((link) => commanded(link));
}

function commanded(link: string): boolean {
  const [file = '', anchor] = link.split('#');
  if (/^\w+:/.test(link) || anchor === undefined) return false;
  const found = parts(file === '' ? runbook : page(`docs/${file}`)).find((part) => part.anchor === anchor);
  return found !== undefined && hasCommand(found.own);
}

/** A file that is written for a call is no command yet. */
const TOOL = /^(?:npm|npx|aws|call|psql) /;

function hasCommand(from: Page): boolean {
  return fences(from).some(
    ({ language, lines }) => language === 'sh' && lines.some((line) => TOOL.test(line)),
  );
}
