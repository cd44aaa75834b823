/** Milliseconds, or any other quantity. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = sorted.length / 2;
  const median = Number.isInteger(half) ? (at(half - 1) + at(half)) / 2 : at(Math.floor(half));
  return { median, min: at(0), max: at(sorted.length - 1), n: sorted.length };
}

/** `1,234,567` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function mebibytes(bytes: number): string {
  return `${whole(bytes / 2 ** 20)} MiB`;
}
