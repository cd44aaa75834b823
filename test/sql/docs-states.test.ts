import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase } from '../support/database.ts';
import { codeSpans, page, rows, section } from '../support/docs.ts';

const promises = page('docs/promises.md');

describe('the states in docs/promises.md', () => {
  const database = testDatabase();

  test.each([
    ['Of a run', 'runs'],
    ['Of a job run', 'job_runs'],
    ['Of an attempt', 'attempts'],
  ])('%s are those that ops.%s allows', async (heading, table) => {
    const [check] = await database.admin.sql(z.strictObject({ text: z.string() }))`
      select pg_get_constraintdef(c.oid) as text
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and array[a.attnum] = c.conkey
      where c.conrelid = to_regclass(${`ops.${table}`}) and c.contype = 'c' and a.attname = 'status'
        and pg_get_constraintdef(c.oid) like '%ANY%'`;
    const allowed = [...(check?.text ?? '').matchAll(/'([a-z]+)'::text/g)].map(([, state = '']) => state);
    expect(allowed.length).toBeGreaterThan(2);
    const listed = rows(section(promises, heading)).map((cells) =>
      cells.slice(0, 2).map((cell) => codeSpans({ ...promises, text: cell })),
    );
    const reached = listed.flatMap(([state = []]) => state);
    expect([...new Set(reached)].toSorted()).toEqual(allowed.toSorted());
    // And it is left from states that are there to be left.
    expect(listed.flatMap(([, from = []]) => from).filter((state) => !allowed.includes(state))).toEqual([]);
  });
});
