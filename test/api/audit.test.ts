import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { auditClaim } from '../../functions/api/audit/claim.ts';
import { runFigure } from '../../functions/api/audit/figure.ts';
import { auditSeals } from '../../functions/api/audit/seals.ts';
import { auditReads } from '../../functions/api/audit.ts';
import { pathsOf, traceOf } from '../../functions/core/figures.ts';
import type { Endpoint } from '../../functions/core/http.ts';
import type { Environment } from '../../functions/core/services.ts';
import { jobFigures } from '../../functions/jobs.ts';
import { seal, tamper } from '../sql/audit/trail.ts';
import { ask } from '../sql/cabinet/relation.ts';
import { newest, testDatabase } from '../support/database.ts';
import { type Call, call, environmentOf } from '../support/http.ts';
import type { Ran } from '../support/run-job.ts';
import { runWholeNight } from '../support/whole-night.ts';

const asOf = '2026-01-13';
const traced = z.strictObject({
  meta: z.strictObject({ limit: z.int(), returned: z.int(), next_cursor: z.string().nullable() }),
  figure: z.strictObject({ path: z.string(), value: z.json() }),
  trace: z.looseObject({
    from: z.string(),
    agrees: z.boolean().nullable(),
    total: z.int().nullable(),
    in: z.array(z.string()),
  }),
  lineage: z.looseObject({
    run_id: z.string(),
    job_run_id: z.string(),
    code_version: z.string(),
    seal_no: z.int().nullable(),
  }),
  rules: z.array(z.looseObject({ source: z.string(), key: z.string(), state: z.json() })),
  statement: z.string(),
  objects: z.array(z.looseObject({ name: z.string(), checksum: z.string().nullable() })),
  data: z.array(z.looseObject({ key: z.string(), subject: z.string(), seal_no: z.int().nullable() })),
});

describe.each(newest)('the audit trail’s endpoints on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  /** The nights of a day: a dry one, the first, the one that finds nothing new. */
  let nights: readonly ReadonlyMap<string, Ran>[];
  let environment: Environment;

  beforeAll(async () => {
    const dry = await runWholeNight(database, asOf, { dryRun: true });
    const first = await runWholeNight(database, asOf, {
      input: { 'cabinet.leads-reconcile': { repairEvents: true } },
    });
    await seal(database.admin);
    nights = [dry, first, await runWholeNight(database, asOf)];
    await database.admin.sql`select ops.verify_audit(null, 'test', false)`;
    environment = environmentOf(database, 'cuadre_reader');
  }, 180_000);

  /** Held against the schema that the API’s document shows. */
  async function get(endpoint: Endpoint, request: Call): Promise<unknown> {
    const { status, body } = await call(endpoint, environment, request);
    expect(status, JSON.stringify(body)).toBe(200);
    if (!(endpoint.answer instanceof z.ZodType)) throw new TypeError('the answer is no schema');
    return endpoint.answer.parse(body);
  }
  const figureOf = async (run: Ran, figure: string, query: Call['query'] = {}) =>
    traced.parse(await get(runFigure, { path: { run_id: run.run_id, job: run.job, figure }, query }));
  const ran = (night: number, job: string): Ran => {
    const found = nights[night]?.get(job);
    if (found === undefined) throw new Error(`${job} did not run`);
    return found;
  };

  test.each([...jobFigures.keys()].filter((job) => job !== 'cabinet.upload-take'))(
    'every figure that %s reports is traced, and what counts rows counts them',
    async (job) => {
      for (const night of [0, 1, 2]) {
        const run = ran(night, job);
        for (const path of pathsOf(run.report ?? {})) {
          const figures = jobFigures.get(job);
          expect(figures && traceOf(figures, path), path).toBeDefined();
          const { trace, lineage, statement } = await figureOf(run, path, { limit: '1' });
          const compared =
            ['decisions', 'extent', 'rows'].includes(trace.from) && !(run.dry_run && trace.from === 'rows');
          expect([path, trace.agrees], JSON.stringify(trace)).toEqual([path, compared ? true : null]);
          expect(lineage).toMatchObject({
            run_id: run.run_id,
            job_run_id: run.job_run_id,
            code_version: 'test',
          });
          expect(statement).toMatch(/^functions\/cabinet\//);
        }
      }
    },
    120_000,
  );

  test('what is said to be measured is measured in what exists', async () => {
    const known = await ask(
      database.admin,
      `select oid::regclass::text from pg_class union select oid::regproc::text from pg_proc`,
    );
    for (const { figures, objects } of jobFigures.values()) {
      const named = Object.values(figures).flatMap((trace) => {
        const { from, ...rest } = typeof trace === 'function' ? trace('1', '1') : trace;
        return from === 'measured' && 'in' in rest ? rest.in : [];
      });
      expect([...objects, ...named].filter((name) => !known.includes(name.replace('public.', '')))).toEqual(
        [],
      );
    }
  });

  test('an amount leads to its decisions, their rule as it was, the run, the code and the SQL', async () => {
    const run = ran(1, 'cabinet.claims-reconcile');
    const first = await figureOf(run, 'by_milestone.inserted.5.amount', { limit: '3' });
    expect(first).toMatchObject({
      figure: { value: '280.00' },
      trace: { from: 'decisions', says: 'the sum of amount over these decisions', agrees: true, total: 8 },
      statement: 'functions/cabinet/claims-statement.ts',
      lineage: { attempt: 1, seal_no: 1 },
    });
    expect(first.rules).toEqual([
      expect.objectContaining({
        source: 'ops.partner_payment_rules',
        state: expect.objectContaining({ amount: 35, milestone_trips: 5, window_days: 14 }),
      }),
    ]);
    expect(first.objects).toContainEqual(
      expect.objectContaining({
        name: 'ops.v_cabinet_claims_gap_14d',
        file: 'sql/cabinet/views/v_cabinet_claims_gap_14d.sql',
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    );
    const keys = first.data.map(({ key }) => key);
    for (let cursor = first.meta.next_cursor; cursor !== null; ) {
      const next = await figureOf(run, 'by_milestone.inserted.5.amount', { limit: '3', cursor });
      keys.push(...next.data.map(({ key }) => key));
      cursor = next.meta.next_cursor;
    }
    expect(new Set(keys).size).toBe(8);
    expect(first.data.every(({ seal_no, subject }) => seal_no === 1 && subject.endsWith('/M5'))).toBe(true);
  });

  test('the rule is shown as it was then, also after it was closed', async () => {
    const run = ran(1, 'cabinet.claims-reconcile');
    const before = (await figureOf(run, 'by_milestone.inserted.1.amount')).rules;
    await database.admin.script(
      `update ops.partner_payment_rules set valid_to = '2026-06-30', is_active = false where milestone_trips = 1 and valid_to is null`,
    );
    expect((await figureOf(run, 'by_milestone.inserted.1.amount')).rules).toEqual(before);
    expect(before).toHaveLength(1);
  });

  test('alerts lead to the version of their threshold, leads to that of the normalisers, values to theirs', async () => {
    const alerts = await figureOf(ran(1, 'cabinet.alert-evaluation'), 'triggered');
    expect(alerts.rules.map(({ source }) => source)).toEqual(
      Array(alerts.rules.length).fill('ops.alert_rules'),
    );
    expect(alerts.rules.length).toBeGreaterThan(3);
    const leads = await figureOf(ran(1, 'cabinet.leads-reconcile'), 'unmatched');
    expect(leads.rules).toEqual([expect.objectContaining({ source: 'canon.normaliser_version', key: '1' })]);
    const value = await figureOf(
      ran(1, 'cabinet.validation'),
      'figures.limbo_recent_weeks.2025-11-24 NO_DRIVER',
    );
    expect(value).toMatchObject({
      figure: { value: '46' },
      data: [{ subject: 'limbo_recent_weeks/2025-11-24 NO_DRIVER', seal_no: 1 }],
    });
  });

  test('a figure that its rows no longer give says so', async () => {
    const run = ran(1, 'cabinet.achievements-record');
    const [key] = (await figureOf(run, 'recorded')).data.map((row) => row.key);
    await tamper(database.admin, `update ops.decisions set decision = 'KEPT' where decision_id = ${key}`);
    expect((await figureOf(run, 'recorded')).trace).toMatchObject({ agrees: false, total: 266 });
    await tamper(database.admin, `update ops.decisions set decision = 'RECORDED' where decision_id = ${key}`);
    expect((await figureOf(run, 'recorded')).trace).toMatchObject({ agrees: true, total: 267 });
  });

  test('what is not there is not found, and said which', async () => {
    const run = ran(1, 'cabinet.claims-reconcile');
    const ask404 = async (path: Record<string, string>) => {
      const { status, body } = await call(runFigure, environment, { path });
      return [status, z.looseObject({ code: z.string() }).parse(body).code];
    };
    const here = { run_id: run.run_id, job: run.job, figure: 'processed' };
    expect(await ask404({ ...here, figure: 'by_milestone' })).toEqual([404, 'UNKNOWN_FIGURE']);
    expect(await ask404({ ...here, figure: 'constructor' })).toEqual([404, 'UNKNOWN_FIGURE']);
    expect(await ask404({ ...here, job: 'cabinet.upload-take' })).toEqual([404, 'UNKNOWN_JOB_RUN']);
    expect(await ask404({ ...here, run_id: crypto.randomUUID() })).toEqual([404, 'UNKNOWN_JOB_RUN']);
  });

  test('a claim leads to its rule, decision, run and code; one from before to what is known', async () => {
    const run = ran(1, 'cabinet.claims-reconcile');
    const [made, older] = await ask(
      database.admin,
      `select (select min(claim_id) from canon.claims_yango_cabinet_14d where job_run_id is not null) union all
       select (select min(claim_id) from canon.claims_yango_cabinet_14d where job_run_id is null)`,
    );
    expect(await get(auditClaim, { path: { claim_id: made ?? '' } })).toMatchObject({
      claim: { claim_id: Number(made), seal_no: 1 },
      rule: { source: 'ops.partner_payment_rules' },
      decision: { decision: 'INSERTED', subject: expect.stringMatching(/^lead:\d+\/M/), seal_no: 1 },
      lineage: { run_id: run.run_id, code_version: 'test' },
      history: [{ from_status: null, to_status: 'generated', changed_by: 'cuadre_jobs', seal_no: 1 }],
    });
    expect(await get(auditClaim, { path: { claim_id: older ?? '' } })).toMatchObject({
      decision: null,
      lineage: null,
    });
    for (const claim_id of ['999999999', '199999999']) {
      const { status, body } = await call(auditClaim, environment, { path: { claim_id } });
      expect([status, body]).toMatchObject([404, { code: 'UNKNOWN_CLAIM' }]);
    }
    for (const claim_id of ['x', '0', '1.5', '1e1', ' 1', '0x1', '']) {
      expect((await call(auditClaim, environment, { path: { claim_id } })).status, claim_id).toBe(400);
    }
  });

  test('seals are listed newest first, with what the last walk found', async () => {
    await seal(database.admin);
    const head = z.looseObject({
      meta: z.looseObject({ next_cursor: z.string().nullable() }),
      verification: z.looseObject({ findings: z.int(), seals: z.int(), anchor: z.null() }),
      data: z.array(z.looseObject({ seal_no: z.int(), digest: z.string(), previous_digest: z.string() })),
    });
    const first = head.parse(await get(auditSeals, { query: { limit: '1' } }));
    expect(first).toMatchObject({ verification: { findings: 0, seals: 1 }, data: [{ seal_no: 2 }] });
    const second = head.parse(
      await get(auditSeals, { query: { limit: '1', cursor: first.meta.next_cursor ?? '' } }),
    );
    expect(second.data[0]?.digest).toBe(first.data[0]?.previous_digest);
  });

  test('the reader reads what it needs and nothing of the texts', async () => {
    expect(auditReads).toHaveLength(3);
    const { sql } = database.connect('cuadre_reader');
    await expect(sql`select 1 from ops.v_audit_entries limit 1`).rejects.toThrow('permission denied');
    await expect(sql`select ops.seal_audit('x', true, 1)`).rejects.toThrow('permission denied');
    await expect(sql`select ops.verify_audit(null, 'x', true)`).rejects.toThrow('permission denied');
  });
});
