import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { NoAnswer } from './client.ts';
import { bodyOf, type Command, jsonOf, switched, text } from './command.ts';
import { codeOf, sending, warningOf } from './sending.ts';

const started = z.looseObject({
  run_id: z.string(),
  as_of: z.string(),
  dry_run: z.boolean(),
  created: z.boolean(),
  ...sending,
});

/** `ops start cabinet-daily` or `ops start cabinet.validation`: a job's name has a dot. */
export const start: Command = {
  name: 'start',
  usage: 'PIPELINE|JOB [--as-of D] [--input JSON] [--dry-run] [--forced] [--key K]',
  summary: 'start a pipeline or a job; the same key is the same run',
  words: ['PIPELINE|JOB'],
  options: { 'as-of': text, input: text, 'dry-run': switched, forced: switched, key: text },
  async run(given, api) {
    const [name = ''] = given.words;
    const body = bodyOf({
      [name.includes('.') ? 'job' : 'pipeline']: name,
      asOf: given.text('as-of'),
      input: jsonOf(given, 'input'),
      dryRun: given.on('dry-run'),
      forced: given.on('forced') ? true : undefined,
    });
    const key = given.text('key') ?? `ops-${randomUUID()}`;
    const answer = await api
      .post(started, '/api/v1/runs', body, { 'idempotency-key': key })
      .catch((error: unknown) => {
        throw error instanceof NoAnswer ? unknownOf(error, key) : error;
      });
    const what = answer.created ? 'started' : 'was started before by this key';
    const dry = answer.dry_run ? ' (dry run)' : '';
    return {
      answer,
      lines: [
        `${name} as of ${answer.as_of}${dry}: run ${answer.run_id} ${what}`,
        `key ${key}`,
        ...warningOf(answer),
      ],
      code: codeOf(answer),
    };
  },
};

/** Without the key, asking again would be another run, or be refused by the one that it may have started. */
function unknownOf(error: NoAnswer, key: string): NoAnswer {
  return new NoAnswer(
    `${error.message}\n       the run may have been started all the same: the same command with --key ${key} finds it, or starts it`,
    { code: error.code, cause: error },
  );
}
