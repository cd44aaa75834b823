import { createHash } from 'node:crypto';
import type { DatasetName } from '../../functions/cabinet/uploads/datasets.ts';
import { table } from '../support/uploads.ts';
import type { Row } from './upstream.ts';

/** A file that somebody uploads by a link. */
export interface File {
  readonly uploadId: string;
  readonly dataset: DatasetName;
  readonly text: string;
}

const cells = (row: Row, columns: readonly string[]) =>
  columns.map((column) => {
    const value = row[column];
    return value === null || value === undefined ? null : String(value);
  });

/** The rows as a file of the dataset; undefined when there are none. @param of makes its id: the same id for the same name */
export function fileOf(
  of: string,
  dataset: DatasetName,
  rows: readonly Row[],
  header: string,
): File | undefined {
  if (rows.length === 0) return undefined;
  const hex = createHash('md5').update(of).digest('hex');
  const uploadId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return {
    uploadId,
    dataset,
    text: table(
      header,
      rows.map((row) => cells(row, header.split(','))),
    ),
  };
}
