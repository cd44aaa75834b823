/**
 * The six fields of AWS's cron dialect, each checked by itself, so that a refusal names the field and its rule. Minutes
 * come first, the year last, Sunday is 1.
 */
interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
  /** AWS documents no steps for it: what Scheduler does with one, nobody could say. */
  readonly stepless?: true;
  /** What may stand for the whole field beside values, ranges, steps and lists. */
  readonly special?: RegExp;
  /** The specials, for the refusal. */
  readonly also?: string;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  {
    name: 'day-of-month',
    least: 1,
    most: 31,
    special: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/,
    also: '?, L, LW or a day with W',
  },
  { name: 'month', least: 1, most: 12, words: MONTHS },
  {
    name: 'day-of-week',
    least: 1,
    most: 7,
    words: DAYS,
    stepless: true,
    special: /^(\?|L|[1-7]L|(SUN|MON|TUE|WED|THU|FRI|SAT)L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
    also: '?, L, a day with L, or a day with # and 1 to 5',
  },
  { name: 'year', least: 1970, most: 2199 },
];

/**
 * @returns croner's seven fields, seconds first
 * @throws Error naming the field, what it holds and what it may hold
 */
export function translateFields(body: string): string {
  const given = body.trim().toUpperCase().split(/\s+/);
  if (given.length !== FIELDS.length) {
    const order = FIELDS.map(({ name }) => name).join(' ');
    throw new Error(`cron(${body}): six fields are expected: ${order}`);
  }
  const translated = FIELDS.map((field, index) => {
    const problem = problemOf(field, given[index] ?? '');
    if (problem !== undefined) {
      throw new Error(`cron(${body}): the field ${field.name} ${problem}, got ${given[index]}`);
    }
    return translate(field, given[index] ?? '');
  });
  if ((given[2] === '?') === (given[4] === '?')) {
    throw new Error(`cron(${body}): exactly one of day-of-month and day-of-week must be ?`);
  }
  return ['0', ...translated].join(' ');
}

function translate({ name, least, most }: Field, text: string): string {
  if (name === 'day-of-week' && text === 'L') return '7';
  return (
    text
      .split(',')
      // `5/20` means "from 5 on", which croner wants written as a range. `*/3` means "from the least on": croner's years are
      // not AWS's, and would begin elsewhere.
      .map((part) =>
        part.replace(
          /^(\w+|\*)\/(\d+)$/,
          (_, from: string, step: string) => `${from === '*' ? least : from}-${most}/${step}`,
        ),
      )
      .join(',')
  );
}

function problemOf(field: Field, text: string): string | undefined {
  if (field.special?.test(text)) return undefined;
  for (const part of text.split(',')) {
    const problem = problemOfPart(field, part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `*`, a value or a range, each with or without a step. */
function problemOfPart(field: Field, part: string): string | undefined {
  const { least, most, words, also, stepless = false } = field;
  const named = words === undefined ? '' : ` or ${words[0]} to ${words.at(-1)}`;
  const rule = `must be *, values, ranges${stepless ? '' : ', steps'} or lists of ${least} to ${most}${named}${also === undefined ? '' : `; or ${also}`}`;
  const [, first = '', last, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  const from = first === '*' ? least : numberOf(field, first);
  const to = last === undefined ? most : numberOf(field, last);
  if (from === undefined || to === undefined || (first === '*' && last !== undefined)) return rule;
  if (last !== undefined && from > to) return `must have its ranges forwards, and ${part} runs backwards`;
  if (step !== undefined && stepless) return 'must have no steps: list what it is due on, as MON,WED,FRI';
  if (step !== undefined && (Number(step) < 1 || Number(step) > most)) {
    return `must have steps of 1 to ${most}`;
  }
  return undefined;
}

function numberOf({ least, most, words = [] }: Field, text: string): number | undefined {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : words.indexOf(text) + least;
  return value >= least && value <= most && (/^\d/.test(text) || words.includes(text)) ? value : undefined;
}
