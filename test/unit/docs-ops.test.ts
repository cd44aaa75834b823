/** The `npm run ops` commands of the pages are commands that there are, with what they take. */
import { expect, test } from 'vitest';
import { commandOf, commands as known } from '../../infra/local/cli/ops/commands.ts';
import { read } from '../../infra/local/cli/ops.ts';
import { codeSpans, commands, pages, words } from '../support/docs.ts';

const PREFIX = 'npm run ops -- ';
const inBlocks = pages()
  .flatMap(commands)
  .filter(({ line }) => line.startsWith(PREFIX));

test('those in blocks are whole', () => {
  expect(inBlocks.length).toBeGreaterThan(10);
  for (const { where, line } of inBlocks) {
    const found = commandOf(words(line.slice(PREFIX.length)));
    expect(found?.[0].name, `${where}: ${line}`).toBeDefined();
    if (found !== undefined) expect(() => read(...found), `${where}: ${line}`).not.toThrow();
  }
});

test('those that sentences name are there', () => {
  const named = pages().flatMap((page) => codeSpans(page).filter((span) => span.startsWith(PREFIX)));
  expect(named.length).toBeGreaterThan(3);
  for (const span of named) expect(commandOf(words(span.slice(PREFIX.length))), span).toBeDefined();
});

test('no two commands have one name, and each says what it takes', () => {
  const names = known.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const { name, usage, words: taken, options } of known) {
    for (const word of taken) expect(usage, name).toContain(word);
    for (const flag of Object.keys(options))
      expect(usage, name).toMatch(new RegExp(`--(\\[no-\\])?${flag}\\b`));
  }
});
