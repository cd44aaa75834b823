import * as z from 'zod';
import { pathOf } from './client.ts';
import { type Command, reasonOf, text } from './command.ts';
import { moment, table } from './table.ts';

const schedule = z.looseObject({
  name: z.string(),
  expression: z.string(),
  time_zone: z.string(),
  state: z.string(),
  next: z.string().nullable(),
  last_run: z.looseObject({ run_id: z.string(), status: z.string(), as_of: z.string() }).nullable(),
});
const listed = z.looseObject({ data: z.array(schedule) });

const HEADS = ['schedule', 'expression', 'zone', 'state', 'next (UTC)', 'last run', 'as of', 'status'];
const line = ({ name, expression, time_zone, state, next, last_run }: z.infer<typeof schedule>) => [
  name,
  expression,
  time_zone,
  state,
  moment(next),
  last_run?.run_id,
  last_run?.as_of,
  last_run?.status,
];

const list: Command = {
  name: 'schedules list',
  usage: '',
  summary: 'schedules, with their state, next time and last run',
  words: [],
  options: {},
  async run(_given, api) {
    const answer = await api.get(listed, '/api/v1/schedules');
    return { answer, lines: table(HEADS, answer.data.map(line)), code: 0 };
  },
};

function change(step: 'pause' | 'resume', summary: string): Command {
  return {
    name: `schedules ${step}`,
    usage: 'NAME --reason R',
    summary,
    words: ['NAME'],
    options: { reason: text },
    async run(given, api) {
      const path = pathOf('/api/v1/schedules', given.words[0] ?? '', `/${step}`);
      const answer = await api.post(schedule, path, { reason: reasonOf(given) });
      return { answer, lines: table(HEADS, [line(answer)]), code: 0 };
    },
  };
}

export const schedulesCommands = [
  list,
  change('pause', 'nothing starts by it until it is resumed'),
  change('resume', 'it starts runs again from its next time on'),
];
