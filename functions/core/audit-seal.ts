import * as z from 'zod';
import { type Sealed, sealAudit, type Verified, verifyAudit } from './audit.ts';
import { FORGED, SEALED, VERIFIED } from './audit-lines.ts';
import type { Sql } from './database.ts';
import { parse } from './input.ts';
import type { Log } from './log.ts';

export const auditInput = z
  .strictObject({
    dryRun: z.boolean().default(true),
    /** Walk the whole trail instead of sealing. */
    verify: z.boolean().default(false),
    /** A head that was kept outside the database. */
    head: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the 64 hex digits of a head, as the log has it')
      .optional(),
  })
  .refine(({ verify, head }) => verify || head === undefined, {
    path: ['head'],
    message: 'is for a verification: say "verify": true',
  });

interface Work {
  readonly sql: Sql;
  readonly log: Log;
  readonly codeVersion: string;
  /** Milliseconds that are left. */
  readonly remaining: () => number;
  readonly now?: () => Date;
}

/** Kept back of the function's time for saying what was done. */
const LEAST_MS = 60_000;

/** A walk that takes less is made every day, a longer one every week: hours since the last, a little under both. */
const QUICK_MS = 60_000;
const DAY_HOURS = 20;
const WEEK_HOURS = 6.5 * 24;

/**
 * Seals what is new, or walks the trail, and says so in a line that leaves the database: whoever alters the database after
 * has that line against him. An event of the console without `"dryRun": false` only looks.
 */
export async function sealOrVerify(event: unknown, work: Work): Promise<Readonly<Record<string, unknown>>> {
  const { dryRun, verify, head } = parse(auditInput, event);
  if (verify) return { ...(await verifyTrail(work, head ?? null, dryRun)), dryRun };
  const seals = await sealAll(work, dryRun);
  return { ...seals, dryRun };
}

/** What the schedule asks for: a seal, and a walk when one is due. Seal first, so that the walk has the day in it. */
export async function sealAndVerify(work: Work, dryRun: boolean): Promise<Readonly<Record<string, unknown>>> {
  const sealed = await sealAll(work, dryRun);
  if (dryRun || !(await verificationDue(work.sql))) return { ...sealed, dryRun };
  return { ...sealed, verified: await verifyTrail(work, null, false), dryRun };
}

async function verificationDue(sql: Sql): Promise<boolean> {
  const [row] = await sql(z.strictObject({ due: z.boolean() }))`
    select not exists (
      select from ops.audit_verifications v
      where v.verified_at > clock_timestamp() - make_interval(hours => case when v.duration_ms < ${QUICK_MS} then ${DAY_HOURS}::integer else ${WEEK_HOURS}::integer end)
    ) as due`;
  return row?.due ?? true;
}

async function sealAll({ sql, log, codeVersion, remaining, now = () => new Date() }: Work, dryRun: boolean) {
  let sealed: Sealed;
  let entries = 0;
  let seals = 0;
  do {
    sealed = await sealAudit(sql, { codeVersion, dryRun });
    entries += sealed.entries;
    if (dryRun) break;
    if (sealed.entries > 0) seals += 1;
    log.info(SEALED, {
      seal: sealed.seal_no,
      day: sealed.day,
      entries: sealed.entries,
      head: sealed.head,
      bySource: sealed.by_source,
      ...metrics(now(), { AuditEntriesSealed: sealed.entries }),
    });
  } while (sealed.more && remaining() > LEAST_MS);
  const { seal_no, day, head, by_source, more } = sealed;
  return { seals, entries, seal_no, day, head, more, ...(dryRun ? { by_source } : {}) };
}

async function verifyTrail(
  { sql, log, codeVersion, now = () => new Date() }: Work,
  anchor: string | null,
  dryRun: boolean,
): Promise<Verified & { readonly anchor: string | null }> {
  const verified = await verifyAudit(sql, { anchor, codeVersion, dryRun });
  const { findings, examples, seals, entries, head, duration_ms } = verified;
  const told = {
    ...{ seals, entries, findings, head, anchor, durationMs: duration_ms },
    ...metrics(now(), { AuditFindings: findings }),
  };
  if (findings === 0) log.info(VERIFIED, told);
  else log.error(FORGED, { ...told, examples: examples.slice(0, 20) });
  return { ...verified, anchor };
}

/** CloudWatch's embedded metric format: the log line is the metric, and nothing has to be called. */
function metrics(now: Date, values: Readonly<Record<string, number>>): Readonly<Record<string, unknown>> {
  return {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: 'cuadre',
          Dimensions: [['function']],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    ...values,
  };
}
