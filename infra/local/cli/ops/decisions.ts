import * as z from 'zod';
import { pathOf } from './client.ts';
import { type Command, parameters, text } from './command.ts';
import { table } from './table.ts';

const page = z.looseObject({
  meta: z.looseObject({ next_cursor: z.string().nullable() }),
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

const FILTERS = { job: 'job', decision: 'decision', reason: 'reason', limit: 'limit', cursor: 'cursor' };

/** `ops decisions ID`: what the run judged, in its order; the evidence is in --json. */
export const decisions: Command = {
  name: 'decisions',
  usage: 'RUN_ID [--job J] [--decision D] [--reason R] [--limit N] [--cursor C]',
  summary: 'what a run decided, and why',
  words: ['RUN_ID'],
  options: Object.fromEntries(Object.keys(FILTERS).map((flag) => [flag, text])),
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
    const { next_cursor: next } = answer.meta;
    return {
      answer,
      lines: [
        ...table(['job', 'subject', 'decision', 'reason', 'detail'], rows),
        ...(next === null ? [] : ['', `more: --cursor ${next}`]),
      ],
      code: 0,
    };
  },
};
