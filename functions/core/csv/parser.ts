/**
 * RFC 4180, strictly, over text that arrives in pieces. Own code because the format tells NULL (an empty field
 * without quotes) from the empty string (`""`), and the kept parsers (csv-parse, papaparse, fast-csv) do not say
 * whether a field was quoted; the grammar has five states.
 */

export interface CsvRecord {
  /** The line that it begins on, from 1. */
  readonly line: number;
  /** null: empty and without quotes. */
  readonly fields: readonly (string | null)[];
}

export class CsvError extends Error {
  readonly line: number;
  /** Position of the field in its record, from 0. */
  readonly field: number;
  readonly value: string;

  constructor(rule: string, line: number, field: number, value: string) {
    super(rule);
    this.line = line;
    this.field = field;
    this.value = value;
  }
}

/** Longer than any field of the format; an opening quote that nothing closes would swallow the file. */
const LONGEST_FIELD = 1_048_576;

/** Wider than any table here; without lines a file of commas would be one record as large as itself. */
const MOST_FIELDS = 10_000;

// Sticky patterns scan at native speed: a loop over characters costs five times as much.
const plain = /[^,\n\r"\0]*/y;
const quoted = /[^"\0]*/y;

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

type State = 'start' | 'plain' | 'quoted' | 'closed' | 'cr';

export interface CsvOptions {
  /** Lines may end with CRLF too, as spreadsheets write them. (Default: LF alone) */
  readonly crlf?: boolean;
}

export class CsvParser {
  readonly #crlf: boolean;
  #state: State = 'start';
  /** What the field was when a CR came. */
  #before: State = 'start';
  #field = '';
  #fields: (string | null)[] = [];
  #line = 1;
  #recordLine = 1;

  constructor({ crlf = false }: CsvOptions = {}) {
    this.#crlf = crlf;
  }

  /** The records that this piece completes. @throws CsvError at the first character that the grammar forbids */
  *push(text: string): Generator<CsvRecord> {
    let at = 0;
    while (at < text.length) {
      const char = text.charAt(at);
      if (char === '\0') this.fail('a NUL character is not allowed');
      if (this.#state === 'quoted') {
        at = this.#takeQuoted(text, at);
      } else if (this.#state === 'cr') {
        if (char !== '\n') this.fail('a CR outside of quotes may stand only before the LF of a line’s end');
        this.#state = this.#before;
        yield this.#endRecord();
        at += 1;
      } else if (char === ',') {
        this.#endField();
        at += 1;
      } else if (char === '\n') {
        yield this.#endRecord();
        at += 1;
      } else if (char === '\r' && this.#crlf) {
        this.#before = this.#state;
        this.#state = 'cr';
        at += 1;
      } else if (char === '\r') {
        this.fail('lines must end with LF alone, not CR or CRLF');
      } else if (this.#state === 'start' && char === '"') {
        this.#state = 'quoted';
        at += 1;
      } else if (this.#state === 'closed') {
        if (char !== '"') this.fail('after a closing quote only a comma or the end of the line may follow');
        this.#field += '"';
        this.#state = 'quoted';
        at += 1;
      } else {
        at = this.#takePlain(text, at);
      }
    }
  }

  /** The last record, when the file does not end with a line's end. */
  *end(): Generator<CsvRecord> {
    if (this.#state === 'quoted') this.fail('a quote is opened and never closed');
    if (this.#state === 'cr')
      this.fail('a CR outside of quotes may stand only before the LF of a line’s end');
    if (this.#state !== 'start' || this.#fields.length > 0) yield this.#endRecord();
  }

  /** Reports what the caller saw at the place that has been reached. */
  fail(rule: string, value = this.#field): never {
    throw new CsvError(rule, this.#line, this.#fields.length, value);
  }

  #takePlain(text: string, from: number): number {
    const to = endOf(plain, text, from);
    this.#append(text.slice(from, to));
    this.#state = 'plain';
    if (text.charAt(to) === '"')
      this.fail('a field that contains a quote must itself be quoted, and the quote doubled');
    return to;
  }

  #takeQuoted(text: string, from: number): number {
    const to = endOf(quoted, text, from);
    for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1))
      this.#line += 1;
    this.#append(text.slice(from, to));
    if (text.charAt(to) !== '"') return to;
    this.#state = 'closed';
    return to + 1;
  }

  #append(piece: string): void {
    this.#field += piece;
    if (this.#field.length > LONGEST_FIELD) {
      this.fail('a field is longer than 1 MiB: is a quote never closed?', this.#field.slice(0, 100));
    }
  }

  #endField(): void {
    this.#fields.push(this.#state === 'start' ? null : this.#field);
    if (this.#fields.length > MOST_FIELDS) this.fail(`a row has more than ${MOST_FIELDS} fields`, '');
    this.#field = '';
    this.#state = 'start';
  }

  #endRecord(): CsvRecord {
    this.#endField();
    const record = { line: this.#recordLine, fields: this.#fields };
    this.#fields = [];
    this.#line += 1;
    this.#recordLine = this.#line;
    return record;
  }
}
