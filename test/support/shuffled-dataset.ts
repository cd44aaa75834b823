import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetTables } from '../../infra/local/data/format.ts';
import type { Contents } from './dataset.ts';
import { Dice } from './dice.ts';

/** The same rows, each file's in another order. */
export function shuffledDataset(contents: Contents, seed: number): Contents {
  const dice = new Dice(seed);
  return Object.fromEntries(
    Object.entries(contents).map(([file, rows]) => {
      if (rows === null || Buffer.isBuffer(rows)) return [file, rows];
      if (typeof rows !== 'string') return [file, dice.shuffled(rows)];
      const [header, ...lines] = rows.trimEnd().split('\n');
      return [file, [header, ...dice.shuffled(lines)].map((line) => `${line}\n`).join('')];
    }),
  );
}

/** The files of a data set, as they are. No field of it may hold a line break. */
export async function datasetOf(directory: string): Promise<Contents> {
  const files = await Promise.all(
    datasetTables.map(
      async ({ name }) => [`${name}.csv`, await readFile(join(directory, `${name}.csv`), 'utf8')] as const,
    ),
  );
  for (const [file, text] of files) {
    if (text.split('\n').some((line) => (line.split('"').length - 1) % 2 !== 0)) {
      throw new Error(`${file}: a field with a line break cannot be shuffled line by line`);
    }
  }
  return Object.fromEntries(files);
}
