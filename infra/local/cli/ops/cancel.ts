import * as z from 'zod';
import { pathOf } from './client.ts';
import { type Command, reasonOf, text } from './command.ts';
import { codeOf, sending, warningOf } from './sending.ts';

const cancelled = z.looseObject({ run_id: z.string(), operator: z.string(), ...sending });

/** `ops cancel ID --reason R` */
export const cancel: Command = {
  name: 'cancel',
  usage: 'RUN_ID --reason R',
  summary: 'end a run that is under way; what was committed stays',
  words: ['RUN_ID'],
  options: { reason: text },
  async run(given, api) {
    const path = pathOf('/api/v1/runs', given.words[0] ?? '', '/cancel');
    const answer = await api.post(cancelled, path, { reason: reasonOf(given) });
    const done = `run ${answer.run_id} is cancelled, by ${answer.operator}`;
    return { answer, lines: [done, ...warningOf(answer)], code: codeOf(answer) };
  },
};
