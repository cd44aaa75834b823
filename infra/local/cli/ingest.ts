import { createReadStream } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { type DatasetName, datasetNames } from '../../../functions/cabinet/uploads/datasets.ts';
import { PIECE_BYTES } from '../../../functions/cabinet/uploads/pieces.ts';
import { newUploadId, type Taken, takeUpload } from '../../../functions/cabinet/uploads/take-upload.ts';
import { connect } from '../../../functions/core/database.ts';
import { PermanentError } from '../../../functions/core/errors.ts';
import { assertSchema } from '../../../functions/core/schema-check.ts';
import { openLocalDatabase } from './local-database.ts';
import type { ExitCode } from './main.ts';
import { RejectsOut } from './rejects-out.ts';

const USAGE = `usage: npm run ingest -- ${datasetNames.join('|')} FILE.csv [--dry-run] [--rejects FILE] [--show N]`;

/** `npm run ingest -- leads FILE.csv`: takes a file in, all of it but its rejected rows, or nothing. */
export async function ingest(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      rejects: { type: 'string' },
      show: { type: 'string', default: '10' },
    },
  });
  const [name, file, ...more] = positionals;
  const dataset = datasetNames.find((each) => each === name);
  if (dataset === undefined || file === undefined || more.length > 0 || !/^\d{1,6}$/.test(values.show)) {
    console.error(USAGE);
    return 2;
  }
  const rejects = await RejectsOut.open(values.rejects, Number(values.show));
  try {
    const taken = await takeHere(dataset, file, values['dry-run'], rejects);
    print(taken, values['dry-run'], rejects);
    return taken.upload.rejected + taken.upload.different > 0 ? 1 : 0;
  } finally {
    await rejects.close();
  }
}

async function takeHere(
  dataset: DatasetName,
  file: string,
  dryRun: boolean,
  rejects: RejectsOut,
): Promise<Taken> {
  const where = await openLocalDatabase(process.env);
  const database = connect({ url: where.url, applicationName: 'cuadre cli ingest' });
  try {
    await database.wake();
    await assertSchema(database.sql);
    return await takeUpload(
      database,
      {
        uploadId: newUploadId(),
        dataset,
        channel: 'cli',
        by: userInfo().username,
        fileName: basename(file).slice(0, 200),
        bytes: () => readPieces(file),
        onFound: rejects.add,
      },
      { dryRun },
    );
  } finally {
    await database.close();
    await where.close();
  }
}

async function* readPieces(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: PIECE_BYTES });
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new PermanentError(`the file cannot be read: ${cause.message}`, { code: 'INPUT_FILE', cause });
  }
}

function print({ upload }: Taken, dryRun: boolean, { shown }: RejectsOut): void {
  const mode = dryRun ? ' (dry run: nothing was changed)' : '';
  const dates = upload.first_date === null ? '' : `   ${upload.first_date} to ${upload.last_date}`;
  console.log(`${upload.file_name} as ${upload.dataset}${mode}   upload ${upload.upload_id}${dates}`);
  const figures = {
    rows: upload.total_rows,
    inserted: upload.inserted,
    'there already': upload.ignored,
    'there with other content': upload.different,
    rejected: upload.rejected,
  };
  for (const [what, count] of Object.entries(figures)) console.log(`  ${what.padEnd(26)} ${count}`);
  for (const { line, verdict, field, value, rule } of shown) {
    const given = value === null ? '' : `, got ${JSON.stringify(value)}`;
    console.log(
      `  line ${line} ${verdict}  ${[field, rule].filter((part) => part !== null).join(': ')}${given}`,
    );
  }
}
