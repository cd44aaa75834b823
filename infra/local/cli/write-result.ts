import { writeFile } from 'node:fs/promises';
import { PermanentError } from '../../../functions/core/errors.ts';
import type { Json } from '../../../functions/core/job.ts';
import type { Result } from './print-result.ts';

/** The whole result: the job run with report and counters, and every decision. */
export function writeJson(file: string, { jobRun, decisions }: Result): Promise<void> {
  return write(file, `${JSON.stringify({ ...jobRun, decisions }, null, 2)}\n`);
}

/** Any document, as JSON. */
export function writeDocument(file: string, document: object): Promise<void> {
  return write(file, `${JSON.stringify(document, null, 2)}\n`);
}

/** `metric,value`, one line per figure of the report; nested figures as `a.b`. */
export function writeCsv(file: string, { jobRun }: Result): Promise<void> {
  const lines = flatten('', jobRun.report ?? {}).map(
    ([metric, value]) => `${quoted(metric)},${quoted(value)}`,
  );
  return write(file, ['metric,value', ...lines, ''].join('\r\n'));
}

function flatten(prefix: string, value: Json): [string, string][] {
  if (value === null) return [[prefix, '']];
  if (typeof value !== 'object') return [[prefix, String(value)]];
  const entries = Array.isArray(value)
    ? value.map((part, index) => [String(index), part] as const)
    : Object.entries(value);
  return entries.flatMap(([key, part]) => flatten(prefix === '' ? key : `${prefix}.${key}`, part));
}

function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new PermanentError(
      `the job is done and in the ledger, but ${file} could not be written: ${String(error)}`,
      {
        code: 'OUTPUT_FILE',
        cause: error,
      },
    );
  }
}
