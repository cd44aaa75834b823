import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase } from '../support/database.ts';
import { codeSpans, page, rows, section } from '../support/docs.ts';
import { createEffects, nextDate, startToy } from '../support/toy.ts';

const promises = page('docs/promises.md');
const text = z.strictObject({ text: z.string() });

const pages = [
  ['Of a run', 'runs'],
  ['Of a job run', 'job_runs'],
  ['Of an attempt', 'attempts'],
] as const;

/** `[state, from]`, and without `from` where a row begins. */
const listed = (heading: string) =>
  rows(section(promises, heading)).map((cells) => {
    const [[state = ''] = [], [from] = []] = cells
      .slice(0, 2)
      .map((cell) => codeSpans({ ...promises, text: cell }));
    return [state, from] as const;
  });

describe('the states in docs/promises.md', () => {
  const database = testDatabase();
  beforeAll(() => createEffects(database.admin));

  const one = async (found: Promise<z.output<typeof text>[]>) => {
    const [row, ...others] = await found;
    expect(others).toEqual([]);
    return row?.text ?? '';
  };

  test.each(pages)('%s are those that ops.%s allows', async (heading, table) => {
    const check = await one(database.admin.sql(text)`
      select pg_get_constraintdef(c.oid) as text
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and array[a.attnum] = c.conkey
      where c.conrelid = to_regclass(${`ops.${table}`}) and c.contype = 'c' and a.attname = 'status'
        and pg_get_constraintdef(c.oid) like '%ANY%'`);
    const allowed = [...check.matchAll(/'([a-z]+)'::text/g)].map(([, state = '']) => state);
    expect(allowed.length).toBeGreaterThan(2);
    const reached = listed(heading).map(([state]) => state);
    expect([...new Set(reached)].toSorted()).toEqual(allowed.toSorted());
  });

  test.each(pages)('%s follow each other as ops.%s allows', async (heading, table) => {
    const trigger = await one(database.admin.sql(text)`
      select pg_get_triggerdef(oid) as text from pg_trigger
      where tgrelid = to_regclass(${`ops.${table}`}) and tgname = 'transition' and tgenabled = 'O'`);
    const allowed = [...trigger.matchAll(/'([a-z]+ -> [a-z]+)'/g)].map(([, each = '']) => each);
    const told = listed(heading).flatMap(([state, from]) =>
      from === undefined ? [] : [`${from} -> ${state}`],
    );
    // What is told of it differs: a job that split itself goes some of the same ways.
    expect([...new Set(told)].toSorted()).toEqual(allowed.toSorted());
  });

  test.each([
    ['runs', 'running', 'skipped'],
    ['job_runs', 'queued', 'succeeded'],
    ['job_runs', 'queued', 'skipped'],
    ['attempts', 'running', 'queued'],
  ])('of ops.%s nothing goes from %s to %s', async (table, from, to) => {
    const { runId, jobRunId } = await startToy(database.admin, nextDate());
    if (table === 'attempts')
      await database.admin.sql`select ops.begin_attempt(${jobRunId}::uuid, 1, 'sqs', 'r', 'test')`;
    const where = table === 'runs' ? `run_id = '${runId}'` : `job_run_id = '${jobRunId}'`;
    await expect(
      database.admin.script(
        `update ops.${table} set status = '${to}', finished_at = now() where ${where} and status = '${from}'`,
      ),
    ).rejects.toThrow(new RegExp(`ops\\.${table}: \\S+ is ${from}, and nothing goes from there to ${to}`));
  });
});
