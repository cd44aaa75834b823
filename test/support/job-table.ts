/** The jobs as the pages list them: what a pipeline's declaration says, and the alarms that follow from it. */
import type { JobNode, Pipeline } from '../../functions/core/pipeline.ts';

const code = (text: string) => `\`${text}\``;

/** Each job with what it waits for and what it does, in the order of the declaration. */
export function jobTable({ jobs }: Pipeline): string[][] {
  return [
    ['job', 'after', 'what it does and takes'],
    ...Object.entries(jobs).map(([name, node]) => [code(name), waitsFor(node), described(node)]),
  ];
}

function waitsFor({ after, softAfter = [], always = false, onDemand = false }: JobNode): string {
  if (onDemand) return 'started on demand';
  const before = [
    ...after.map(code),
    ...softAfter.map(({ job, maxAgeDays }) => `${code(job)}, or its last success of ${maxAgeDays} days`),
  ];
  const all = before.length === 0 ? 'nothing' : before.join(', ');
  return always ? `${all}; whatever became of it` : all;
}

/** The words of the ledger stand as code: `COUNTED`. */
function described({ description }: JobNode): string {
  return description.replace(/\b[A-Z]+(?:_[A-Z]+)*\b(?<=[A-Z]{4,})/g, code);
}

/** The alarms that each job has. */
export function jobAlarmTable({ jobs }: Pipeline): string[][] {
  return [
    ['job', 'its function', 'its dead letters'],
    ...Object.keys(jobs).map((name) => [
      code(name),
      code(alarmOf(name, 'errors')),
      code(alarmOf(name, 'dlq-waiting')),
    ]),
  ];
}

/** By the physical name that the deployment gives a job. */
export function alarmOf(job: string, what: 'errors' | 'dlq-waiting'): string {
  return `cuadre-${job.replace('.', '-')}-${what}`;
}
