import * as z from 'zod';
import { pathOf } from './client.ts';
import { type Command, parameters } from './command.ts';
import { filters, moreOf, optionsOf, pageMeta, usageOf } from './lists.ts';
import { table } from './table.ts';

const page = z.looseObject({
  meta: pageMeta,
  data: z.array(
    z.looseObject({
      job: z.string(),
      subject: z.string(),
      decision: z.string(),
      reason: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
});

const FILTERS = filters({ job: 'job', decision: 'decision', reason: 'reason' });

/** `ops decisions ID`: what the run judged, in its order; the evidence is in --json. */
export const decisions: Command = {
  name: 'decisions',
  usage: `RUN_ID ${usageOf(FILTERS)}`,
  summary: 'what a run decided, and why',
  words: ['RUN_ID'],
  options: optionsOf(FILTERS),
  async run(given, api) {
    const path = pathOf('/api/v1/runs', given.words[0] ?? '', '/decisions');
    const answer = await api.get(page, path, parameters(given, FILTERS));
    const rows = answer.data.map(({ job, subject, decision, reason, detail }) => [
      job,
      subject,
      decision,
      reason,
      detail,
    ]);
    return {
      answer,
      lines: [...table(['job', 'subject', 'decision', 'reason', 'detail'], rows), ...moreOf(answer.meta)],
      code: 0,
    };
  },
};
