/** Rows under their heads, each column as wide as its widest cell; what there is not is a dash. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string[] {
  const cells = [heads, ...rows].map((row) =>
    row.map((cell) => (cell == null || cell === '' ? '-' : String(cell))),
  );
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `2026-01-13 07:00:03`, in UTC. */
export function moment(instant: string | null | undefined): string | null {
  return instant == null ? null : new Date(instant).toISOString().slice(0, 19).replace('T', ' ');
}

/** `1m03s` between two moments; of what is not over, none. */
export function took(from: string | null | undefined, to: string | null | undefined): string | null {
  if (from == null || to == null) return null;
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}

/** `CODE: message` of what the ledger keeps of a failure. */
export function errorOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  return [Reflect.get(error, 'code'), Reflect.get(error, 'message')].filter(Boolean).map(String).join(': ');
}
