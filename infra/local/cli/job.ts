import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { findJob } from '../../../functions/api/catalog.ts';
import { connect } from '../../../functions/core/database.ts';
import { execute } from '../../../functions/core/execute.ts';
import type { Request } from '../../../functions/core/job-input.ts';
import { readJobRun } from '../../../functions/core/ledger.ts';
import { createLog } from '../../../functions/core/log.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { assertSchema } from '../../../functions/core/schema-check.ts';
import { startJob } from '../../../functions/core/start.ts';
import { loadJob } from '../../../functions/load-job.ts';
import { readDecisions } from './decisions.ts';
import { jobArgs } from './job-args.ts';
import { openLocalDatabase } from './local-database.ts';
import type { ExitCode } from './main.ts';
import { printResult, type Result } from './print-result.ts';
import { showProgress } from './progress.ts';
import { writeCsv, writeJson } from './write-result.ts';

const USAGE =
  "usage: npm run job -- <job> [--as-of D] [--dry-run] [the job's own flags] [--output-json F] [--output-csv F]";

/** `npm run job -- cabinet.claims-reconcile --limit 100 --as-of 2026-01-13`: one job, here and now, with its own ledger entry. */
export async function job(args: readonly string[]): Promise<ExitCode> {
  const [name, ...flags] = args;
  if (name === undefined || name.startsWith('-')) {
    console.error(USAGE);
    return 2;
  }
  const found = findJob(name);
  const { request, outputJson, outputCsv } = jobArgs(found.job, flags);
  const checked = found.job.request(request);
  const where = await openLocalDatabase(process.env);
  try {
    const result = await runHere(where.url, found.pipeline, name, checked);
    printResult(result);
    if (outputJson !== undefined) await writeJson(outputJson, result);
    if (outputCsv !== undefined) await writeCsv(outputCsv, result);
    if (result.jobRun.status !== 'succeeded') return 2;
    return result.jobRun.findings > 0 ? 1 : 0;
  } finally {
    await where.close();
  }
}

/** One job in this process, with its own ledger entry. */
export async function runHere(
  url: string,
  pipeline: Pipeline,
  name: string,
  request: Request,
): Promise<Result> {
  const job = await loadJob(name);
  const connectHere = (purpose: string) => connect({ url, applicationName: `cuadre cli ${purpose}` });
  const work = connectHere('work');
  const control = connectHere('control');
  try {
    await control.wake();
    await assertSchema(control.sql);
    const codeVersion = process.env['CODE_VERSION'] ?? 'dev';
    const now = new Date();
    const requestId = randomUUID();
    const trigger = {
      kind: 'cli',
      key: requestId,
      detail: { user: userInfo().username },
      due: now,
      now,
    } as const;
    const run = await startJob(control.sql, pipeline, job, request, trigger, {
      inline: true,
      codeVersion,
      dryRunByDefault: false,
    });
    await execute(
      {
        work,
        control,
        log: createLog({ level: 'error', write: (line) => process.stderr.write(`${line}\n`) }),
        codeVersion,
      },
      job,
      {
        jobRunId: run.jobRunId,
        version: 1,
        caller: 'inline',
        requestId,
        lastAttempt: 1,
        remaining: () => Number.POSITIVE_INFINITY,
        onProgress: showProgress,
      },
    );
    return {
      jobRun: await readJobRun(control, run.jobRunId),
      decisions: await readDecisions(control, run.jobRunId),
    };
  } finally {
    await Promise.all([work.close(), control.close()]);
  }
}
