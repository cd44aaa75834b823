import type * as z from 'zod';

export interface Measured {
  readonly milliseconds: number;
  /** What it did, in its own words. */
  readonly done: Readonly<Record<string, z.core.util.JSONType>>;
  /** Bytes; taken when the work was done, so that what follows does not count. */
  readonly peak: number;
}

/** The process's resident set at its highest, in bytes; the system says kilobytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
