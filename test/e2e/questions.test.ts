import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { PROJECT_ROOT } from '../../infra/constructs/bundle.ts';
import { startNight, synthesized } from '../support/night.ts';

const asked = [
  ...(readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8')
    .split('## Ask it')[1]
    ?.split('\n## ')[0]
    ?.matchAll(/^\| ([^|]+\?) \| `curl "?http:\/\/127\.0\.0\.1:8787([^"`]+)/gm) ?? []),
].map(([, question = '', path = '']) => ({ question, path }));

const rows = z.object({ data: z.array(z.unknown()).min(1) });
const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  'What changed last night?': z.object({
    summary: z.array(z.string()).min(8),
    claims: z.object({ inserted: z.literal(25), amount: z.literal('695.00') }),
  }),
  'Why is this lead stuck?': z.object({
    lead: z.object({ limbo_stage: z.literal('NO_IDENTITY') }),
    identity: z.object({ unmatched: z.object({ reason_code: z.literal('MULTIPLE_CANDIDATES') }) }),
  }),
  'Which leads are stuck, and at what?': rows,
  'Who owes what this week?': rows,
  'Why is this M5 paid without M1?': z.object({
    reconciliation_status: z.literal('PAID_WITHOUT_ACHIEVEMENT'),
    explanation: z.string().min(20),
    milestones_of_driver: z.array(z.unknown()).min(2),
  }),
  'Which other milestones are?': z.object({ rows: z.array(z.unknown()).min(1) }),
  'What wants attention?': rows,
};

test('the questions of the README are answered as it says, after a night', async () => {
  const { assembly, remove } = await synthesized();
  try {
    const night = await startNight({ assembly });
    await night.run();
    expect(asked.map(({ question }) => question)).toEqual(Object.keys(ANSWERS));
    for (const { question, path } of asked) {
      const answer = await fetch(`${night.stack.urls.api}${path}`);
      expect(answer.status, question).toBe(200);
      const { error } = ANSWERS[question]?.safeParse(await answer.json()) ?? {};
      expect(error, question).toBeUndefined();
    }
  } finally {
    await remove();
  }
});
