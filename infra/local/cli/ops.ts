import { parseArgs } from 'node:util';
import * as z from 'zod';
import { InputError } from '../../../functions/core/errors.ts';
import { localApi } from './local-database.ts';
import type { ExitCode } from './main.ts';
import { openApi } from './ops/client.ts';
import { type Command, type Given, text } from './ops/command.ts';
import { commandOf, commands } from './ops/commands.ts';

/**
 * `npm run ops -- COMMAND`: what the API does for operators, against the stack that `npm start` runs, or the one at --api.
 * Ends with 0, with 1 when there is something to look at, with 2 when it failed or was refused, with 3 while a run is under way.
 */
export async function ops(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ExitCode> {
  const found = commandOf(args);
  if (found === undefined) {
    console.error(usage());
    return 2;
  }
  const [command, rest] = found;
  const { given, json, api } = read(command, rest);
  const base = api ?? env['CUADRE_API'] ?? (await localApi(env, '--api'));
  const { answer, lines, code } = await command.run(given, openApi(checked(base), env));
  console.log(json ? JSON.stringify(answer, null, 2) : lines.join('\n'));
  return code;
}

/** @throws InputError for a word too few or too many; ERR_PARSE_ARGS for a flag that is not known */
export function read(
  command: Command,
  args: readonly string[],
): { readonly given: Given; readonly json: boolean; readonly api: string | undefined } {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    allowNegative: true,
    options: { ...command.options, api: text, json: { type: 'boolean' } },
  });
  if (positionals.length !== command.words.length) {
    const rule = `takes ${command.words.length === 0 ? 'no words' : command.words.join(' ')}: npm run ops -- ${command.name} ${command.usage}`;
    throw new InputError([{ field: command.name, value: positionals.join(' '), rule }]);
  }
  const value: Readonly<Record<string, unknown>> = values;
  const textOf = (flag: string) => {
    const found = value[flag];
    return typeof found === 'string' ? found : undefined;
  };
  const given: Given = {
    words: positionals,
    text: textOf,
    on: (flag) => (flag.startsWith('no-') ? value[flag.slice(3)] === false : value[flag] === true),
  };
  return { given, json: value['json'] === true, api: textOf('api') };
}

function usage(): string {
  const lines = commands.map(({ name, usage: takes, summary }) => `  ${name} ${takes}\n      ${summary}`);
  return ['usage: npm run ops -- COMMAND [--api URL] [--json]', '', ...lines].join('\n');
}

function checked(url: string): string {
  // What a request would not carry is refused, so that nobody takes it for said.
  const isPlain = /^https?:\/\/[^@?#]+$/.test(url);
  if (isPlain && z.url({ protocol: /^https?$/ }).safeParse(url).success) return url;
  const rule = 'must be an http or https address without user, query or fragment, e.g. http://127.0.0.1:8787';
  throw new InputError([{ field: '--api', value: url, rule }]);
}
