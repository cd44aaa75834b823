import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { bodyOf, type Command, jsonOf, switched, text } from './command.ts';

const started = z.looseObject({
  run_id: z.string(),
  as_of: z.string(),
  dry_run: z.boolean(),
  created: z.boolean(),
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
    const headers = { 'idempotency-key': given.text('key') ?? `ops-${randomUUID()}` };
    const answer = await api.post(started, '/api/v1/runs', body, headers);
    const what = answer.created ? 'started' : 'was started before by this key';
    const dry = answer.dry_run ? ' (dry run)' : '';
    return { answer, lines: [`${name} as of ${answer.as_of}${dry}: run ${answer.run_id} ${what}`], code: 0 };
  },
};
