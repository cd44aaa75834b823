import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { sealAudit, verifyAudit } from '../../../functions/core/audit.ts';
import type { Database } from '../../../functions/core/database.ts';
import { parse } from '../../../functions/core/input.ts';
import { migrate } from '../../../functions/core/migrate.ts';
import { createUpstream } from '../../../infra/local/data/upstream.ts';
import { roleSettings, Server, settings } from '../claims/server.ts';
import { clusterCpu, postmasterOf } from '../cluster-cpu.ts';
import { describeMachine } from '../machine.ts';
import { seconds, whole } from '../stats.ts';

const DATABASE = 'bench_audit';
const sqlDirectory = join(import.meta.dirname, '../../../sql');

const options = z.strictObject({
  /** Decisions to seal and to walk. */
  entries: z.coerce.number().pipe(z.int().min(1000).max(50_000_000)).default(1_000_000),
});

const one = z.strictObject({ n: z.string() });

/** The whole trail of one large night: sealed, walked, walked with one row altered, and sealed again with little that is new. */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], strict: true, options: { entries: { type: 'string' } } });
  const { entries } = parse(options, { ...values });
  const server = await Server.start();
  try {
    for (const line of await describeMachine(server.admin)) console.log(line);
    console.log(
      `settings    ${Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
    );
    await server.create(DATABASE);
    await server.as('postgres', DATABASE, async (admin) => {
      await createUpstream(admin, sqlDirectory);
      await migrate(admin, sqlDirectory);
      console.log(`jobs' role  ${(await roleSettings(admin, 'cuadre_jobs')).join(', ')}\n`);
      await measure(server, admin, entries);
    });
  } finally {
    await server.stop();
  }
}

async function measure(server: Server, admin: Database, entries: number): Promise<void> {
  const postmaster = await postmasterOf(admin);
  const cpu = async () => (postmaster === undefined ? Number.NaN : clusterCpu(postmaster));
  async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
    const [begun, used] = [performance.now(), await cpu()];
    const value = await work();
    return { took: performance.now() - begun, used: (await cpu()) - used, value };
  }
  await admin.script(run);
  const written = await timed(() => admin.script(decisions(entries)));
  await admin.script('vacuum analyze ops.decisions');
  await server.as('cuadre_jobs', DATABASE, async ({ sql }) => {
    const codeVersion = 'bench';
    const walk = () => verifyAudit(sql, { anchor: null, codeVersion, dryRun: true });
    const bare = await timed(
      () => admin.sql(one)`
      select count(sha256(convert_to(jsonb_build_array(job_run_id, subject, decision, reason, detail, evidence)::text, 'UTF8')))::text as n
      from ops.decisions`,
    );
    const sealed = await timed(() => sealAudit(sql, { codeVersion, dryRun: false, perSeal: 2 * entries }));
    await admin.script('vacuum analyze ops.audit_sealed_entries');
    const walked = await timed(walk);
    await admin.script(
      `set session_replication_role = replica;
       update ops.decisions set reason = 'x' where decision_id = ${Math.ceil(entries / 2)}; reset session_replication_role`,
    );
    const altered = await timed(walk);
    await admin.script(decisions(1000));
    const more = await timed(() => sealAudit(sql, { codeVersion, dryRun: false }));
    const [size] = await admin.sql(one)`
      select format('%s decisions, %s entries’ digests and their index', pg_size_pretty(pg_total_relation_size('ops.decisions')),
                    pg_size_pretty(pg_total_relation_size('ops.audit_sealed_entries'))) as n`;
    console.log(`audit: ${whole(entries)} decisions`);
    const line = (name: string, { took, used }: Timed<unknown>, more_ = '') =>
      console.log(
        `  ${name.padEnd(32)} ${seconds(took).padStart(9)}  processor ${seconds(used).padStart(8)}, ${(used / bare.used).toFixed(2)} of bare  ${more_}`,
      );
    line('written, one statement', written);
    line('bare: a digest of each', bare);
    line('sealed', sealed);
    line('walked', walked, `${walked.value.findings} findings`);
    line('walked, one row altered', altered, `${altered.value.findings} findings`);
    line('1,000 more, sealed', more, `${whole(more.value.entries)} entries`);
    console.log(`  size: ${size?.n}`);
  });
}

interface Timed<T> {
  /** Milliseconds by the clock, and of processor in PostgreSQL. */
  readonly took: number;
  readonly used: number;
  readonly value: T;
}

const run = `
  insert into ops.runs (run_id, pipeline, kind, as_of, dry_run, inline, trigger_kind, trigger_key, trigger, request_digest, input, graph, code_version)
    values ('00000000-0000-4000-8000-000000000001', 'bench', 'job', '2026-01-13', false, true, 'cli', 'bench', '{}', '-', '{}', '{}', 'bench');
  insert into ops.job_runs (job_run_id, run_id, job, input)
    values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'bench', '{}')`;

/** Of the size that the leads job's have. */
const decisions = (count: number) => `
  insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
  select '00000000-0000-4000-8000-000000000002', 'lead:' || i, 'UNMATCHED', 'NO_CANDIDATES', null,
         jsonb_build_object('lead_id', i, 'lead_source_pk', md5(i::text), 'lead_date', date '2026-01-01' - (i % 300), 'limbo_stage', 'NO_IDENTITY',
           'person_before', null, 'gains_link', false, 'gains_driver', false, 'event_repair', null, 'rule', null, 'score', null,
           'rules', jsonb_build_object('R1_PHONE_EXACT', jsonb_build_object('outcome', 'NO_CANDIDATES'), 'R2_LICENSE_EXACT', jsonb_build_object('outcome', 'MISSING_KEYS')),
           'normaliser_version', 1)
  from generate_series(1, ${count}) i`;
