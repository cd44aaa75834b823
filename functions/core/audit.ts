import * as z from 'zod';
import type { Sql } from './database.ts';

/** Typed calls of the functions in sql/core/audit, which hold the rules. docs/audit.md. */

/** Entries of one seal: what 512 MB sort in one go; a million are sealed in a quarter of a minute. */
const PER_SEAL = 1_000_000;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const digits = z.string().regex(/^\d+$/).transform(Number).pipe(z.int());

const sealed = z.strictObject({
  seal_no: digits.nullable(),
  day: z.iso.date(),
  entries: digits,
  by_source: z.record(z.string(), z.int()),
  head: hex.nullable(),
  more: z.boolean(),
});
/** seal_no and head are of the newest seal, also when there was nothing to seal. */
export type Sealed = z.output<typeof sealed>;

/** One seal over what is in none yet; with `dryRun` only what there is. `more`: call again. */
export async function sealAudit(
  sql: Sql,
  { codeVersion, dryRun, perSeal = PER_SEAL }: { codeVersion: string; dryRun: boolean; perSeal?: number },
): Promise<Sealed> {
  const [row] = await sql(sealed)`
    select seal_no, day, entries, by_source, head, more from ops.seal_audit(${codeVersion}, ${dryRun}, ${perSeal}::bigint)`;
  if (row === undefined) throw new Error('ops.seal_audit returned nothing');
  return row;
}

export const auditFinding = z.strictObject({
  finding: z.enum([
    'ALTERED',
    'REMOVED',
    'INSERTED',
    'SEAL_ALTERED',
    'SEAL_MISSING',
    'CHAIN_BROKEN',
    'HEAD_UNKNOWN',
    'REOPENED',
  ]),
  source: z.string().describe('The table.'),
  key: z.string().describe('Of the row, or the number of the seal.'),
  seal_no: z.int().optional().describe('The seal that has the row.'),
  detail: z.string(),
});

const verified = z.strictObject({
  head: hex.nullable(),
  seals: digits,
  entries: digits,
  findings: digits,
  examples: z.array(auditFinding),
  duration_ms: z.int(),
});
export type Verified = z.output<typeof verified>;

/**
 * Walks the whole trail. `anchor` is a head that was kept outside the database, in hex.
 * @param dryRun the result is told and not kept
 */
export async function verifyAudit(
  sql: Sql,
  { anchor, codeVersion, dryRun }: { anchor: string | null; codeVersion: string; dryRun: boolean },
): Promise<Verified> {
  const [row] = await sql(verified)`
    select head, seals, entries, findings, examples, duration_ms from ops.verify_audit(${anchor}, ${codeVersion}, ${dryRun})`;
  if (row === undefined) throw new Error('ops.verify_audit returned nothing');
  return row;
}
