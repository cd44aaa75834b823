import * as z from 'zod';
import type { ExitCode } from '../main.ts';
import { pathOf } from './client.ts';
import type { Command } from './command.ts';
import { errorOf, moment, table, took } from './table.ts';

const document = z.looseObject({
  run_id: z.string(),
  pipeline: z.string(),
  as_of: z.string(),
  dry_run: z.boolean(),
  trigger_kind: z.string(),
  status: z.enum(['running', 'succeeded', 'failed']),
  findings: z.int(),
  error: z.json(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
  jobs: z.array(
    z.looseObject({
      job: z.string(),
      status: z.string(),
      findings: z.int(),
      error: z.json(),
      queued_at: z.string(),
      started_at: z.string().nullable(),
      finished_at: z.string().nullable(),
      progress: z.json(),
      attempts: z.array(
        z.looseObject({
          attempt: z.int(),
          status: z.string(),
          request_id: z.string(),
          error: z.json(),
          started_at: z.string(),
        }),
      ),
    }),
  ),
  messages: z.array(z.looseObject({ sent_at: z.string().nullable() })),
  operator_actions: z.array(
    z.looseObject({ acted_at: z.string(), operator: z.string(), action: z.string(), reason: z.string() }),
  ),
});

/** `ops run ID`: ends as the run did, and with 3 while it has not, so that a script can ask by it. */
export const run: Command = {
  name: 'run',
  usage: 'RUN_ID',
  summary: 'one run: jobs, attempts, timings, messages, what people did to it',
  words: ['RUN_ID'],
  options: {},
  async run({ words: [id = ''] }, api) {
    const answer = await api.get(document, pathOf('/api/v1/runs', id));
    const unsent = answer.messages.filter(({ sent_at }) => sent_at === null).length;
    const failed = answer.jobs.flatMap(({ job, attempts }) =>
      attempts
        .filter(({ error }) => error !== null)
        .map(({ attempt, status, request_id, error, started_at }) => [
          job,
          attempt,
          status,
          moment(started_at),
          request_id,
          errorOf(error),
        ]),
    );
    return {
      answer,
      lines: [
        `${answer.pipeline} as of ${answer.as_of}: ${answer.status}${answer.dry_run ? ' (dry run)' : ''}   by ${answer.trigger_kind}, ${moment(answer.created_at)} UTC, ${took(answer.created_at, answer.finished_at) ?? 'under way'}`,
        ...(answer.error === null ? [] : [`error: ${errorOf(answer.error)}`]),
        '',
        ...table(
          ['job', 'status', 'attempts', 'findings', 'waited', 'took', 'error'],
          answer.jobs.map((job) => [
            job.job,
            job.status,
            job.attempts.length,
            job.findings,
            took(job.queued_at, job.started_at),
            took(job.started_at, job.finished_at) ??
              (job.progress === null ? null : JSON.stringify(job.progress)),
            errorOf(job.error),
          ]),
        ),
        ...(failed.length === 0
          ? []
          : ['', ...table(['failed attempt of', 'no.', 'as', 'began (UTC)', 'request', 'error'], failed)]),
        ...(answer.operator_actions.length === 0
          ? []
          : [
              '',
              ...table(
                ['done (UTC)', 'what', 'by', 'why'],
                answer.operator_actions.map(({ acted_at, action, operator, reason }) => [
                  moment(acted_at),
                  action,
                  operator,
                  reason,
                ]),
              ),
            ]),
        '',
        `${answer.messages.length} messages, ${unsent} not sent${unsent === 0 ? '' : ': ops sweep --go sends them'}`,
      ],
      code: codeOf(answer),
    };
  },
};

function codeOf({ status, findings }: z.output<typeof document>): ExitCode {
  if (status === 'running') return 3;
  if (status === 'failed') return 2;
  return findings > 0 ? 1 : 0;
}
