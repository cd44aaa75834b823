import type { Progress } from '../../../functions/core/execute.ts';

/** Redraws one line on a terminal; a file or a pipe gets nothing of it. */
export function showProgress({ done, total, unit }: Progress): void {
  if (!process.stderr.isTTY) return;
  const share = total === 0 ? 100 : Math.floor((100 * done) / total);
  process.stderr.write(
    `\r\x1b[2K  ${String(share).padStart(3)} %  ${done} of ${total} ${unit}${done >= total ? '\n' : ''}`,
  );
}
