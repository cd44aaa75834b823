import { createHash } from 'node:crypto';
import { type CsvColumn, csvHeader, csvRow } from './csv.ts';
import { dateIn } from './dates.ts';
import { TooLargeError } from './errors.ts';
import { cacheHeaders, etagOf, type HttpEvent, type HttpResult, notModified } from './http.ts';

/**
 * What a Lambda may answer with at once, as it travels: the result as JSON, in which a quote or a line end takes two
 * bytes and an accent as many as in UTF-8. A little is left for the headers.
 */
const INLINE_BYTES = 6_291_556 - 8_192;

export interface CsvExport<Row> {
  readonly columns: readonly CsvColumn<Row>[];
  /** Pages of rows, in order; read one at a time, and no further once the answer is too large. */
  readonly pages: AsyncIterable<readonly Row[]>;
  /** The file's name up to the time stamp. */
  readonly name: string;
  readonly maxRows: number;
  /** What the file is a copy of; over the bytes unless given. */
  readonly tag?: string | undefined;
}

/** The whole file, with its digest (RFC 9530) and row count; TooLargeError when it cannot be given in one piece. */
export async function csvAttachment<Row>(event: HttpEvent, given: CsvExport<Row>): Promise<HttpResult> {
  const body = new Body();
  body.add(csvHeader(given.columns));
  let rows = 0;
  for await (const page of given.pages) {
    rows += page.length;
    if (rows > given.maxRows) throw tooManyRows(given.maxRows);
    body.add(page.map((row) => csvRow(given.columns, row)).join(''));
  }
  const text = body.text();
  const etag = given.tag ?? etagOf(text);
  const unchanged = notModified(event, etag);
  if (unchanged !== undefined) return unchanged;
  return {
    statusCode: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${given.name}_${stamp(event.requestContext.timeEpoch)}.csv"`,
      'content-digest': `sha-256=:${createHash('sha256').update(text).digest('base64')}:`,
      'x-row-count': String(rows),
      ...cacheHeaders(etag),
    },
    body: text,
  };
}

export function tooManyRows(maxRows: number): TooLargeError {
  return new TooLargeError(
    `an export holds at most ${maxRows} rows and this one would have more: narrow it, for instance to some weeks`,
    { code: 'EXPORT_TOO_MANY_ROWS' },
  );
}

class Body {
  readonly #parts: string[] = [];
  #bytes = 0;

  add(part: string): void {
    this.#bytes += Buffer.byteLength(JSON.stringify(part)) - 2;
    if (this.#bytes > INLINE_BYTES) {
      throw new TooLargeError(
        `the file would be larger than the 6 MB that one answer may have: narrow it, for instance to some weeks`,
        { code: 'EXPORT_TOO_LARGE' },
      );
    }
    this.#parts.push(part);
  }

  text(): string {
    return this.#parts.join('');
  }
}

/** `YYYYMMDD_HHMM` in Lima, of the request's own time. */
function stamp(epoch: number): string {
  const instant = new Date(epoch);
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'America/Lima',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(instant);
  return `${dateIn('America/Lima', instant).replaceAll('-', '')}_${time.replace(':', '')}`;
}
