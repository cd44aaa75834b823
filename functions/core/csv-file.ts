import { createHash } from 'node:crypto';
import { type CsvColumn, csvHeader, csvRows } from './csv.ts';
import type { CopiedRows } from './database.ts';
import { TooLargeError } from './errors.ts';

/** A CSV file as it is written: its bytes once, and what is known of them at their end. */
export class CsvFile {
  readonly #columns: readonly CsvColumn[];
  readonly #copied: AsyncIterable<CopiedRows>;
  readonly #maxRows: number;
  readonly #hash = createHash('sha256');
  #rows = 0;

  /** @param copied what PostgreSQL's COPY sends, with CRLF */
  constructor(columns: readonly CsvColumn[], copied: AsyncIterable<CopiedRows>, maxRows: number) {
    this.#columns = columns;
    this.#copied = copied;
    this.#maxRows = maxRows;
  }

  /** Without the header. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Each piece holds until the next one is asked for.
   * @throws TooLargeError (EXPORT_TOO_MANY_ROWS) at the first row too many
   */
  async *bytes(): AsyncGenerator<Buffer, undefined> {
    yield this.#counted(csvHeader(this.#columns));
    for await (const copied of this.#copied) {
      const { bytes, rows } = copied;
      this.#rows += rows;
      if (this.#rows > this.#maxRows) throw tooManyRows(this.#maxRows);
      for (const piece of csvRows(bytes)) yield this.#counted(piece);
      copied.giveBack();
    }
  }

  /** RFC 9530, of all its bytes; asked once, at their end. */
  digest(): string {
    return `sha-256=:${this.#hash.digest('base64')}:`;
  }

  #counted(bytes: Buffer): Buffer {
    this.#hash.update(bytes);
    return bytes;
  }
}

export function tooManyRows(maxRows: number): TooLargeError {
  return new TooLargeError(
    `an export holds at most ${maxRows} rows and this one would have more: narrow it, for instance to some weeks`,
    { code: 'EXPORT_TOO_MANY_ROWS' },
  );
}

export function tooManyRowsInline(maxRows: number): TooLargeError {
  return new TooLargeError(
    `one answer holds at most ${maxRows} rows and this one would have more: narrow it, or leave inline=true out and follow the link to a file`,
    { code: 'EXPORT_TOO_MANY_ROWS' },
  );
}

export function tooLargeInline(): TooLargeError {
  return new TooLargeError(
    'the file would be larger than the 6 MB that one answer may have: narrow it, or leave inline=true out and follow the link to a file',
    { code: 'EXPORT_TOO_LARGE' },
  );
}
