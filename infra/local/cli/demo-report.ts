import * as z from 'zod';
import type { Trailed } from '../trail.ts';
import type { DemoRun } from './demo-run.ts';

const figures = z.object({ count: z.int(), amount: z.string() });
const byMilestone = z.object({ 1: figures, 5: figures, 25: figures, total: figures });
const claims = z.looseObject({
  gaps_open_total: z.int(),
  gaps_in_window: z.int(),
  gaps_found: z.int(),
  claims_inserted: z.int(),
  invalid_conditions: z.int(),
  gaps_open_after: z.int(),
  by_milestone: z.looseObject({ before: byMilestone, inserted: byMilestone, after: byMilestone }),
});

export function runFigures({ document }: DemoRun): z.infer<typeof claims> {
  return claims.parse(document.jobs.find(({ job }) => job === 'cabinet.claims-reconcile')?.report);
}

/** What a person wants to see of a night: its path, what changed, and why the rest did not. */
export function printRun(run: DemoRun): void {
  const { document, trail } = run;
  printPath(trail);
  for (const { job, status, error } of document.jobs) {
    if (status !== 'succeeded') console.log(`  ${job} ${status}: ${JSON.stringify(error)}`);
  }
  if (document.status !== 'succeeded') return;

  const { by_milestone: m, ...of } = runFigures(run);
  const counts = (each: z.infer<typeof byMilestone>) => `${each[1].count}/${each[5].count}/${each[25].count}`;
  const { inserted, before, after } = m;
  console.log(`
  gaps found      ${of.gaps_found}   (open ${of.gaps_open_total}, in the window ${of.gaps_in_window})
  claims inserted ${of.claims_inserted}   (M1 ${inserted[1].count}, M5 ${inserted[5].count}, M25 ${inserted[25].count})   S/ ${money(inserted.total.amount)}
  invalid         ${of.invalid_conditions}`);
  for (const { decision, subject, reason, detail } of run.decisions.get('cabinet.claims-reconcile') ?? []) {
    if (decision === 'VETOED') console.log(`      ${subject}  ${reason}: ${detail}`);
  }
  console.log(
    `  open gaps       ${of.gaps_open_total} -> ${of.gaps_open_after}   (M1/M5/M25 ${counts(before)} -> ${counts(after)})   S/ ${money(before.total.amount)} -> ${money(after.total.amount)}`,
  );
  const checks = run.decisions.get('cabinet.validation') ?? [];
  const cameOut = (outcome: string) => checks.filter(({ decision }) => decision === outcome);
  const failed = cameOut('FAILED');
  console.log(
    `  checks          ${cameOut('PASSED').length} passed, ${cameOut('WARNING').length} warned, ${failed.length} failed`,
  );
  for (const { subject, reason } of failed) console.log(`      ${subject}  ${reason}`);
  console.log(`  run             ${document.run_id}`);
}

function printPath(trail: readonly Trailed[]): void {
  const start = trail[0]?.at ?? 0;
  for (const event of trail) {
    const text = describe(event);
    if (text !== undefined) console.log(`  ${`+${event.at - start} ms`.padStart(10)}  ${text}`);
  }
}

function describe(event: Trailed): string | undefined {
  switch (event.kind) {
    case 'schedule.fired':
      return `schedule  ${event.schedule} fires for ${event.scheduledTime}`;
    case 'request.answered':
      return `http      ${event.method} ${event.path} -> ${event.status} in ${event.milliseconds} ms`;
    case 'function.invoked':
      return `function  ${event.function} invoked by ${event.by}${event.cold ? ' (cold)' : ''}`;
    case 'function.ended':
      return `function  ${event.function} ${event.outcome} after ${event.milliseconds} ms`;
    case 'message.sent':
      return `queue     ${event.queue} gets a message`;
    case 'message.deleted':
      return `queue     ${event.queue} is acknowledged`;
    case 'topic.published':
      return `aviso     ${event.body.split('\n', 1)[0]}`;
    case 'message.dead-lettered':
      return `queue     ${event.queue} gives a message up`;
    default:
      return undefined;
  }
}

/** `2975.00` -> `2,975.00`; the digits are not touched. */
function money(amount: string): string {
  return amount.replace(/(\d)(?=(\d{3})+\.)/g, '$1,');
}
