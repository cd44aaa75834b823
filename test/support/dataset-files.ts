import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasetTables } from '../../infra/local/data/format.ts';

/** By file name: a row as values by column, a file's whole text or bytes instead, or null for no file at all. */
export type Contents = Readonly<
  Record<string, readonly Readonly<Record<string, string>>[] | string | Buffer | null>
>;

/** A directory with every file of a data set, each with its header; whoever asks for it removes it. */
export async function writeDataset(contents: Contents = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cuadre-dataset-'));
  const files = new Map(datasetTables.map(({ name, columns }) => [`${name}.csv`, columns]));
  for (const file of new Set([...files.keys(), ...Object.keys(contents)])) {
    const content = contents[file] ?? (file in contents ? null : []);
    if (content === null) continue;
    if (typeof content === 'string' || Buffer.isBuffer(content)) {
      await writeFile(join(directory, file), content);
      continue;
    }
    const columns = files.get(file) ?? [];
    const lines = [columns, ...content.map((row) => columns.map((column) => row[column] ?? ''))];
    await writeFile(join(directory, file), lines.map((line) => `${line.join(',')}\n`).join(''));
  }
  return directory;
}
