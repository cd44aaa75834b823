import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findJob } from '../../../functions/api/catalog.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { resolveAsOf } from '../../../functions/core/dates.ts';
import type { Stack } from '../stack.ts';
import { printRun, runFigures } from './demo-report.ts';
import { awaitRun } from './demo-run.ts';
import { load, startLocalStack, synthesize } from './local-stack.ts';
import type { ExitCode } from './main.ts';
import { scheduledTimeOn } from './scheduled-time.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/golden/cabinet-golden');
const GOLDEN_AS_OF = '2026-01-13';

/**
 * `npm run demo`: the whole stack on this machine, a data set, and two nights: one fired by the schedule, one
 * started through the API. Everything is thrown away at the end unless `--state DIR` keeps it.
 */
export async function demo(args: readonly string[]): Promise<ExitCode> {
  const began = performance.now();
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      data: { type: 'string' },
      'as-of': { type: 'string' },
      limit: { type: 'string', default: '100' },
      state: { type: 'string' },
    },
  });
  const data = values.data ?? GOLDEN;
  const { job } = findJob('cabinet.claims-reconcile');
  const asked = values['as-of'] ?? (values.data === undefined ? GOLDEN_AS_OF : undefined);
  const limit = /^\d+$/.test(values.limit) ? Number(values.limit) : values.limit;
  const { input } = job.request({ limit, ...(asked === undefined ? {} : { asOf: asked }) });
  const now = new Date();
  const asOf = resolveAsOf(asked, cabinetDaily.timeZone, now, now);

  const seconds = stopwatch();
  await synthesize();
  console.log(`synthesized the stack                                   ${seconds()}`);
  const stack = await startLocalStack({ stateDirectory: values.state });
  try {
    const { played, inert, refused } = stack.counts;
    console.log(`started it on this machine                              ${seconds()}`);
    console.log(`  resources: ${played} played, ${inert} inert here, ${refused} refused`);
    const loaded = await load(stack, data);
    console.log(
      `loaded ${[...loaded.values()].reduce((a, b) => a + b, 0)} rows into ${loaded.size} tables`.padEnd(56) +
        seconds(),
    );

    // The nights shown are those of the data set's figures: the gaps that lack an event stay vetoed.
    const inputs = { 'cabinet.leads-reconcile': { repairEvents: false }, 'cabinet.claims-reconcile': input };
    // A data set of somebody's may lack the day before: a demonstration begins as after its last postponement.
    const postponed = values.data === undefined ? undefined : cabinetDaily.freshness.times;
    const first = await awaitRun(stack, () => bySchedule(stack, asOf, { input: inputs, postponed }));
    console.log(`\nFirst night: the schedule fires, as of ${asOf}`.padEnd(57) + seconds());
    printRun(first);
    await probeArrived(stack);
    const second = await awaitRun(stack, () => byApi(stack, asOf, inputs));
    console.log(`\nSecond night: the same again, through POST /api/v1/runs`.padEnd(57) + seconds());
    printRun(second);
    console.log(`\ndone in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    if (![first, second].every((run) => run.document.status === 'succeeded')) return 2;
    return runFigures(second).claims_inserted === 0 ? 0 : 2;
  } finally {
    await stack.stop();
  }
}

/** The probe of the alert path arrives after the run is over: the first night's must not look like the second's. */
async function probeArrived({ trail }: Stack): Promise<void> {
  const sent = trail.all('message.sent').find(({ queue }) => queue.endsWith('-alert-probes'));
  if (sent === undefined) return;
  await trail.waitFor('message.deleted', ({ queue }) => queue === sent.queue, { after: sent.sequence });
}

type Inputs = Readonly<Record<string, unknown>>;

async function bySchedule(
  stack: Stack,
  asOf: string,
  over: Readonly<Record<string, unknown>>,
): Promise<void> {
  const schedule = stack.schedules().find(({ name }) => name.endsWith(cabinetDaily.name));
  if (schedule === undefined) throw new Error(`the stack has no schedule of ${cabinetDaily.name}`);
  stack.fireSchedule(schedule.name, scheduledTimeOn(cabinetDaily.schedule, asOf), over);
}

async function byApi(stack: Stack, asOf: string, input: Inputs): Promise<void> {
  const answer = await fetch(`${stack.urls.api}/api/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `demo-${crypto.randomUUID()}` },
    body: JSON.stringify({ pipeline: cabinetDaily.name, asOf, input }),
  });
  if (answer.status !== 202)
    throw new Error(`POST /api/v1/runs answered ${answer.status}: ${await answer.text()}`);
}

function stopwatch(): () => string {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const text = `${((now - last) / 1000).toFixed(1)} s`;
    last = now;
    return text;
  };
}
