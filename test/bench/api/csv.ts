/**
 * The whole table as a file, once, in a process of its own: by the product's endpoint, or by a bare loop over the same rows
 * with a cursor of the driver, as lines of JSON to nowhere. The parent calls exportOnce(); the child is the rest.
 */
import { fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import postgres from 'postgres';
import * as z from 'zod';
import { cobranzaExport } from '../../../functions/api/collections/export.ts';
import { createLog } from '../../../functions/core/log.ts';
import { openEnvironment } from '../../../functions/core/services.ts';
import { localCredentials } from '../../../infra/local/lambda/variables.ts';
import { eventOf } from './adapter.ts';
import { Bucket } from './bucket.ts';

/** What a 303 says of the file that it leads to. */
const led = z.looseObject({ bytes: z.number() });

const outcome = z.strictObject({
  milliseconds: z.number(),
  /** What was said instead of a file. */
  refusal: z.string().nullable(),
  rows: z.number(),
  bytes: z.number(),
  /** Resident set above what the process held before, in bytes; null without /proc. */
  memory: z.number().nullable(),
  /** Milliseconds of processor of the function's process. */
  cpu: z.number(),
});
export type Outcome = z.infer<typeof outcome>;
type File = Pick<Outcome, 'refusal' | 'rows' | 'bytes'>;

/** The product's file goes where large ones go: to S3, of which this process plays the least; the child is the function. */
export async function exportOnce(kind: 'product' | 'bare', url: string): Promise<Outcome> {
  const bucket = await Bucket.start();
  const env = {
    ...process.env,
    DATABASE_URL: url,
    LOG_LEVEL: 'error',
    EXPORT_FILE_MAX_ROWS: '10000000',
    FILES_BUCKET: 'files',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL_S3: bucket.url,
  };
  const child = fork(import.meta.filename, [kind], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const done = await new Promise<Outcome>((resolve, reject) => {
      child.once('message', (message) => resolve(outcome.parse(message)));
      child.once('exit', (code) => reject(new Error(`the export by ${kind} ended with ${code}`)));
    });
    if (kind === 'product' && done.refusal === null && bucket.bytes !== done.bytes) {
      throw new Error(`of ${done.bytes} bytes ${bucket.bytes} arrived`);
    }
    return done;
  } finally {
    await bucket.stop();
  }
}

async function byProduct(): Promise<() => Promise<File>> {
  const environment = await openEnvironment('bench');
  const log = createLog({ level: 'error', write: (line) => process.stderr.write(`${line.slice(0, 300)}\n`) });
  return async () => {
    const {
      statusCode,
      headers,
      body = '',
    } = await cobranzaExport.handle(eventOf(cobranzaExport.route), { environment, log });
    const given = statusCode === 200 || statusCode === 303;
    return {
      refusal: given ? null : `${statusCode} ${body.slice(0, 200)}`,
      rows: Number(headers?.['x-row-count'] ?? 0),
      bytes: statusCode === 303 ? led.parse(JSON.parse(body)).bytes : Buffer.byteLength(body),
    };
  };
}

async function byDriver(): Promise<() => Promise<File>> {
  // Without the role's limit, which counts all pages of the driver's cursor as one statement.
  const sql = postgres(process.env['DATABASE_URL'] ?? '', {
    max: 1,
    connection: { statement_timeout: 600_000 },
  });
  await sql`select 1`;
  return async () => {
    let [rows, bytes] = [0, 0];
    const all = sql`select * from ops.mv_yango_cabinet_cobranza_enriched_14d order by lead_date desc, driver_id`;
    for await (const page of all.cursor(5000)) {
      rows += page.length;
      bytes += Buffer.byteLength(page.map((row) => JSON.stringify(row)).join('\n'));
    }
    return { refusal: null, rows, bytes };
  };
}

async function resident(name: 'VmRSS' | 'VmHWM'): Promise<number | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}

if (import.meta.main) {
  const work = await (process.argv[2] === 'bare' ? byDriver() : byProduct());
  const idle = await resident('VmRSS');
  if (idle !== null) await writeFile('/proc/self/clear_refs', '5');
  const before = process.cpuUsage();
  const begun = performance.now();
  const done = await work();
  const milliseconds = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000;
  const peak = await resident('VmHWM');
  process.send?.(
    { ...done, milliseconds, cpu, memory: idle === null || peak === null ? null : peak - idle },
    () => process.exit(0),
  );
}
