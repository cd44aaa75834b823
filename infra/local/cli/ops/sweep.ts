import * as z from 'zod';
import { type Command, switched } from './command.ts';

const swept = z.looseObject({ dry_run: z.boolean(), given_up: z.int().default(0), unsent: z.int() });

/** `ops sweep`: what there is to bring back; with --go it is. */
export const sweep: Command = {
  name: 'sweep',
  usage: '[--go]',
  summary: 'what a dead worker, a lost message or a crash left behind; with --go it is brought back',
  words: [],
  options: { go: switched },
  async run(given, api) {
    const answer = await api.post(swept, '/api/v1/sweep', { dryRun: !given.on('go') });
    const { dry_run: dry, ...counts } = answer;
    const lines = Object.entries(counts).map(([name, count]) => `${name.padEnd(12)} ${String(count)}`);
    return {
      answer,
      lines: [...lines, ...(dry ? ['', 'nothing was changed: --go does it'] : [])],
      code: answer.given_up > 0 || (!dry && answer.unsent > 0) ? 1 : 0,
    };
  },
};
