import { backfillCommands } from './backfill.ts';
import { cancel } from './cancel.ts';
import type { Command } from './command.ts';
import { decisions } from './decisions.ts';
import { redriveCommands } from './redrive.ts';
import { retry } from './retry.ts';
import { run } from './run.ts';
import { runs } from './runs.ts';
import { schedulesCommands } from './schedules.ts';
import { start } from './start.ts';
import { sweep } from './sweep.ts';

export const commands: readonly Command[] = [
  runs,
  run,
  decisions,
  start,
  cancel,
  retry,
  ...redriveCommands,
  ...backfillCommands,
  ...schedulesCommands,
  sweep,
];

/** The command that the words begin with, the longest name first, and the rest of the words. */
export function commandOf(args: readonly string[]): readonly [Command, readonly string[]] | undefined {
  for (const length of [2, 1]) {
    const found = commands.find(({ name }) => name === args.slice(0, length).join(' '));
    if (found !== undefined) return [found, args.slice(length)];
  }
  return undefined;
}
