/** A file of rows, read piece by piece: what is in memory is one piece, however large the file. */
import { CsvError, CsvParser, type CsvRecord } from '../../core/csv/parser.ts';
import { Utf8Decoder } from '../../core/csv/utf8.ts';
import { InputError } from '../../core/errors.ts';
import type { Dataset } from './datasets.ts';
import { headerProblems, type Judged, type Reject, rowJudge } from './rows.ts';

export interface Piece {
  /** The header's names, in its order. */
  readonly columns: readonly string[];
  /** Good rows, their fields in the order of the dataset's columns. */
  readonly rows: readonly CsvRecord[];
  readonly rejects: readonly Reject[];
  readonly rejectedRows: number;
}

/**
 * The rows of the file, good and rejected.
 * @throws InputError when the file as a whole cannot be taken: its header, its encoding, a quote in the wrong place
 */
export async function* readUpload(bytes: AsyncIterable<Uint8Array>, dataset: Dataset): AsyncGenerator<Piece> {
  let header: readonly string[] | undefined;
  let judge: (record: CsvRecord) => Judged = () => ({ rejects: [] });
  try {
    for await (const records of recordsOf(bytes)) {
      const rows: CsvRecord[] = [];
      const rejects: Reject[] = [];
      let rejectedRows = 0;
      for (const record of records) {
        if (header === undefined) {
          header = record.fields.map((name) => name ?? '');
          const problems = headerProblems(header, dataset);
          if (problems.length > 0) throw new InputError(problems);
          judge = rowJudge(header, dataset);
          continue;
        }
        // A line with nothing on it is how many programs end a file, and no row.
        if (record.fields.length === 1 && record.fields[0] === null) continue;
        const judged = judge(record);
        if ('row' in judged) rows.push(judged.row);
        else {
          rejects.push(...judged.rejects);
          rejectedRows += 1;
        }
      }
      if (header !== undefined) yield { columns: header, rows, rejects, rejectedRows };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const column = header?.[error.field];
    const field = ['file', `line ${error.line}`, column].filter((part) => part !== undefined).join('.');
    throw new InputError([{ field, value: error.value.slice(0, 100), rule: error.message }]);
  }
  if (header === undefined) {
    throw new InputError([{ field: 'file.header', value: undefined, rule: 'is missing: the file is empty' }]);
  }
}

const BOM = '\uFEFF';
/** What a decoder that is not strict writes for bytes it does not understand. */
const REPLACEMENT = '\uFFFD';
const LOST = 'holds U+FFFD: a character was lost before, when the file was not written or sent as UTF-8';

async function* recordsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord[]> {
  const decoder = new Utf8Decoder();
  const parser = new CsvParser({ crlf: true });
  let begun = false;
  for await (const piece of bytes) {
    const decoded = decoder.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    const text = begun || !decoded.text.startsWith(BOM) ? decoded.text : decoded.text.slice(BOM.length);
    begun ||= decoded.text !== '';
    const records: CsvRecord[] = [];
    let stopped: unknown;
    try {
      const lost = text.indexOf(REPLACEMENT);
      for (const record of parser.push(lost === -1 ? text : text.slice(0, lost))) records.push(record);
      if (lost !== -1) parser.fail(LOST, '');
      if (decoded.badByte !== undefined) notUtf8(parser, decoded.badByte);
    } catch (error) {
      stopped = error;
    }
    // The header may be among what stands before the place where reading must stop.
    yield records;
    if (stopped !== undefined) throw stopped;
  }
  const { badByte } = decoder.end();
  if (badByte !== undefined) notUtf8(parser, badByte);
  yield [...parser.end()];
}

function notUtf8(parser: CsvParser, byte: number): never {
  parser.fail('the file must be UTF-8', `byte 0x${byte.toString(16)}`);
}
