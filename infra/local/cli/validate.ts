import { parseArgs } from 'node:util';
import * as z from 'zod';
import { findJob } from '../../../functions/api/catalog.ts';
import { connect } from '../../../functions/core/database.ts';
import { InputError } from '../../../functions/core/errors.ts';
import { runHere } from './job.ts';
import { localApi, openLocalDatabase } from './local-database.ts';
import type { ExitCode } from './main.ts';
import { type Asked, ask } from './validate/ask.ts';
import { type Comparison, compare } from './validate/compare.ts';
import { printValidation } from './validate/print.ts';
import { probes } from './validate/probes.ts';
import { driversWithoutWeek, sqlFigures } from './validate/sql-figures.ts';
import { writeDocument } from './write-result.ts';

/** `npm run validate`: the validation job, and the same figures from the endpoints over HTTP against the database, to the cent. */
export async function validate(args: readonly string[]): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      'base-url': { type: 'string' },
      'as-of': { type: 'string' },
      'output-json': { type: 'string' },
    },
  });
  const { job, pipeline } = findJob('cabinet.validation');
  const request = job.request(values['as-of'] === undefined ? {} : { asOf: values['as-of'] });
  const baseUrl =
    values['base-url'] === undefined ? await localApi(process.env) : checked(values['base-url']);
  const where = await openLocalDatabase(process.env);
  const database = connect({ url: where.url, applicationName: 'cuadre cli validate' });
  try {
    const { jobRun } = await runHere(where.url, pipeline, job.name, request);
    const endpoints: Asked[] = [];
    for (const probe of probes) endpoints.push(await ask(baseUrl, probe));
    const comparisons: Comparison[] = compare(endpoints, await sqlFigures(database));
    const all_passed =
      jobRun.status === 'succeeded' &&
      jobRun.findings === 0 &&
      endpoints.every(({ problem }) => problem === null) &&
      comparisons.every(({ equal }) => equal);
    const document = {
      base_url: baseUrl,
      all_passed,
      validation: jobRun,
      endpoints: endpoints.map(({ figures: _, ...told }) => told),
      comparisons,
      drivers_without_week: await driversWithoutWeek(database),
    };
    printValidation(document);
    if (values['output-json'] !== undefined) await writeDocument(values['output-json'], document);
    if (jobRun.status !== 'succeeded') return 2;
    return all_passed ? 0 : 1;
  } finally {
    await database.close();
    await where.close();
  }
}

function checked(url: string): string {
  if (z.url({ protocol: /^https?$/ }).safeParse(url).success) return url;
  throw new InputError([
    { field: '--base-url', value: url, rule: 'must be an http or https address, e.g. http://127.0.0.1:8080' },
  ]);
}
