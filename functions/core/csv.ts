/** The one writer of CSV files that people open in a spreadsheet: RFC 4180 with BOM, CRLF and guarded text. */

export type Cell = string | number | boolean | null;

export interface CsvColumn<Row> {
  readonly header: string;
  /**
   * `text` is what people typed: guarded against being read as a formula. `plain` is what we made (numbers, amounts,
   * dates, ids): written as it is. `flag` is Sí or No.
   */
  readonly kind: 'text' | 'plain' | 'flag';
  readonly of: (row: Row) => Cell;
}

/** Without it spreadsheets take the file for Latin-1. */
const BOM = '\uFEFF';

export function csvHeader<Row>(columns: readonly CsvColumn<Row>[]): string {
  return BOM + line(columns.map(({ header }) => header));
}

export function csvRow<Row>(columns: readonly CsvColumn<Row>[], row: Row): string {
  return line(columns.map((column) => cellText(column.kind, column.of(row))));
}

function cellText(kind: CsvColumn<never>['kind'], value: Cell): string {
  if (value === null) return '';
  if (kind === 'flag') return value === true ? 'Sí' : 'No';
  const text = String(value);
  return kind === 'text' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

/** Quotes only where the format needs them. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
