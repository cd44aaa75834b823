import * as z from 'zod';
import { pathOf } from './client.ts';
import { type Command, reasonOf, text } from './command.ts';
import { codeOf, sending, warningOf } from './sending.ts';

const retried = z.looseObject({ run_id: z.string(), queued: z.int(), ...sending });

/** `ops retry ID --reason R` */
export const retry: Command = {
  name: 'retry',
  usage: 'RUN_ID --reason R',
  summary: 'take a failed run up again, from the jobs that failed',
  words: ['RUN_ID'],
  options: { reason: text },
  async run(given, api) {
    const path = pathOf('/api/v1/runs', given.words[0] ?? '', '/retry');
    const answer = await api.post(retried, path, { reason: reasonOf(given) });
    const jobs = answer.queued === 1 ? '1 job' : `${answer.queued} jobs`;
    const done = `run ${answer.run_id} goes on: ${jobs} queued again`;
    return { answer, lines: [done, ...warningOf(answer)], code: codeOf(answer) };
  },
};
