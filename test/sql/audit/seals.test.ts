import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { ownDatabase, testDatabase, versions } from '../../support/database.ts';
import { createEffects } from '../../support/toy.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, retryToys, runToys, seal, tamper } from './trail.ts';

const nothing = /^[0-9a-f]{64}$/;

const action = (subject: string) =>
  `insert into ops.operator_actions (operator, action, subject, reason) values ('somebody', 'PAUSE', '${subject}', 'because')`;

/** In which seal what was done to a subject is; `-` when in none. */
const sealOf = (admin: Database, subject: string) =>
  ask(
    admin,
    `select s.seal_no from ops.operator_actions a
     left join ops.audit_sealed_entries s on s.source = 'ops.operator_actions' and s.key = a.action_id::text
     where a.subject = '${subject}'`,
  );

describe.each(versions)('sealing on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let jobs: Database;
  let other: Database;

  beforeAll(async () => {
    await createEffects(database.admin);
    jobs = database.connect('cuadre_jobs');
    other = database.connect('postgres');
  });
  beforeEach(() => seal(jobs));

  test('takes what is new, once, and then nothing', async () => {
    const before = await seal(jobs);
    await database.admin.script(action('new'));
    const first = await seal(jobs);
    expect(first).toMatchObject({ entries: '1', more: false, head: expect.stringMatching(nothing) });
    expect(Number(first.seal_no)).toBe(Number(before.seal_no) + 1);
    expect(await seal(jobs)).toEqual({ ...first, entries: '0' });
    expect(await findings(database.admin, first.head)).toEqual([]);
    expect(await findings(database.admin, before.head)).toEqual([]);
  });

  test('that is only asked for says what there is, and changes nothing', async () => {
    await database.admin.script(action('asked'));
    const state = () => ask(database.admin, 'select count(*), max(seal_no) from ops.audit_seals');
    const before = await state();
    expect(await seal(jobs, { dryRun: true })).toMatchObject({ entries: '1' });
    expect(await state()).toEqual(before);
    expect(await seal(jobs)).toMatchObject({ entries: '1' });
  });

  test('misses nobody who commits late, and waits for nobody', async () => {
    let sealNo: string | null = null;
    await other.transaction(async (sql) => {
      await sql.script(action('late'));
      await database.admin.script(action('early'));
      ({ seal_no: sealNo } = await seal(jobs));
      expect(await sealOf(database.admin, 'early')).toEqual([sealNo]);
      await database.admin.script(action('meanwhile'));
      expect(await seal(jobs)).toMatchObject({ entries: '1' });
    });
    expect(await sealOf(database.admin, 'late')).toEqual(['-']);
    expect(await findings(database.admin)).toEqual([]);
    expect(await seal(jobs)).toMatchObject({ entries: '1' });
    expect(await sealOf(database.admin, 'late')).toEqual([String(Number(sealNo) + 2)]);
    expect(await sealOf(database.admin, 'early')).toEqual([sealNo]);
    expect(await findings(database.admin)).toEqual([]);
  });

  test('leaves out what is taken back', async () => {
    await expect(
      other.transaction(async (sql) => {
        await sql.script(action('taken back'));
        await seal(jobs);
        throw new Error('after all not');
      }),
    ).rejects.toThrow('after all not');
    expect(await seal(jobs)).toMatchObject({ entries: '0' });
    expect(await findings(database.admin)).toEqual([]);
  });

  test('by two at once takes turns: each entry in one seal, each seal once', async () => {
    for (let each = 0; each < 20; each += 1) await database.admin.script(action(`both ${each}`));
    const both = await Promise.all([seal(jobs), seal(other), seal(database.admin)]);
    expect(both.map(({ entries }) => entries).sort()).toEqual(['0', '0', '20']);
    expect(new Set(both.map(({ head }) => head)).size).toBe(1);
    expect(await findings(database.admin)).toEqual([]);
  });

  test('of more than one takes is done in several', async () => {
    for (let each = 0; each < 5; each += 1) await database.admin.script(action(`part ${each}`));
    const parts = [];
    for (let more = true; more; ) {
      const part = await seal(jobs, { limit: 2 });
      parts.push(part.entries);
      more = part.more;
      expect(await findings(database.admin)).toEqual([]);
    }
    expect(parts).toEqual(['2', '2', '1']);
    expect(await seal(jobs)).toMatchObject({ entries: '0' });
  });

  test('of exactly what one takes is whole: nothing is left that the next would have to look for', async () => {
    for (let each = 0; each < 4; each += 1) await database.admin.script(action(`exact ${each}`));
    expect(await seal(jobs, { limit: 2 })).toMatchObject({ entries: '2', more: true });
    expect(await seal(jobs, { limit: 2 })).toMatchObject({ entries: '2', more: false });
    const noted = 'select snapshot is not null from ops.audit_seals order by seal_no desc limit 2';
    expect(await ask(database.admin, noted)).toEqual(['true', 'false']);
  });

  test('goes on in a cluster whose transactions count from less', async () => {
    await database.admin.script(action('moved'));
    await seal(jobs);
    // What a restored dump looks like: everything is of transactions that this cluster has yet to come to.
    await tamper(
      database.admin,
      `update ops.operator_actions set xact_id = xact_id + 1000000000;
       update ops.audit_seals s set snapshot = '1000000000:1000000000:',
         digest = ops.audit_seal_digest(seal_no, day, sealed_at, entries, '1000000000:1000000000:', code_version, previous_digest, entries_digest)
       where seal_no = (select max(seal_no) from ops.audit_seals)`,
    );
    await database.admin.script(action('after the move'));
    expect(await findings(database.admin)).toEqual([]);
    expect(await seal(jobs)).toMatchObject({ entries: '1' });
    await database.admin.script(action('later'));
    expect(await seal(jobs)).toMatchObject({ entries: '1' });
    expect(await findings(database.admin)).toEqual([]);
  });

  test('holds how a run ended, how it ended before it was taken up again, and what was skipped then', async () => {
    const runId = await runToys(database, '2026-03-01', { fails: true });
    await seal(jobs);
    await retryToys(database, runId);
    expect(await findings(database.admin)).toEqual([]);
    await seal(jobs);
    expect(await findings(database.admin)).toEqual([]);
    const states = await ask(
      database.admin,
      `select change, source, state ->> 'status' from ops.recorded_states
       where state ->> 'run_id' = '${runId}' and (source = 'ops.runs' or state ->> 'job' in ('toy.second', 'toy.third'))
       order by xact_id, change, 2 desc, 3`,
    );
    expect(states).toEqual([
      'closed | ops.runs | failed',
      ...['failed', 'skipped'].map((status) => expect.stringContaining(`closed | ops.job_runs | ${status}`)),
      'removed | ops.job_runs | skipped',
      'closed | ops.runs | succeeded',
      ...[1, 2].map(() => 'closed | ops.job_runs | succeeded'),
    ]);
  });

  test('says the same in every zone and date style', async () => {
    await runToys(database, '2026-03-02');
    const line = z.strictObject({ digest: z.string(), zone: z.string() });
    const told = (zone: string, style: string) =>
      database.admin.transaction(async (sql) => {
        await sql`select set_config('timezone', ${zone}, true), set_config('datestyle', ${style}, true)`;
        const [found] = await sql(line)`
          select md5(string_agg(content, '' order by source, key)) as digest, current_setting('timezone') as zone
          from ops.v_audit_entries`;
        return found;
      });
    const [lima, tokyo] = [await told('America/Lima', 'SQL, DMY'), await told('Asia/Tokyo', 'ISO, YMD')];
    expect(lima).toEqual({ ...tokyo, zone: 'America/Lima' });
  });
});

describe.each(versions)('an entry’s digest on PostgreSQL %i', (version) => {
  test('is the one it always was', async () => {
    const database = await ownDatabase({ version });
    await tamper(
      database.admin,
      `insert into ops.decisions (decision_id, job_run_id, subject, decision, reason, evidence) overriding system value
         values (7, '00000000-0000-4000-8000-000000000007', 'lead:792/M1', 'INSERTED', null, '{"amount": "25.00", "trips": 3, "ñ": [1.50, null]}');
       insert into ops.check_thresholds (check_threshold_id, name, threshold, valid_from, reason, created_at, created_by) overriding system value
         values (3, 'scout_coverage', 70.00, '2026-01-01', 'because', '2026-01-13T02:00:00.123456-05:00', 'somebody')`,
    );
    expect(
      await ask(
        database.admin,
        `select source, content, encode(ops.audit_entry_digest(source, key, content), 'hex') from ops.v_audit_entries
         where source in ('ops.decisions', 'ops.check_thresholds') order by source`,
      ),
    ).toMatchInlineSnapshot(`
      [
        "ops.check_thresholds | ["scout_coverage", 70.00, "2026-01-01", "because", "2026-01-13T07:00:00.123456", "somebody"] | 4a5a9e1bcf5a10a60473f98042057750fef36679f2e17ff93563eca0e947569c",
        "ops.decisions | ["00000000-0000-4000-8000-000000000007", "lead:792/M1", "INSERTED", null, null, {"ñ": [1.50, null], "trips": 3, "amount": "25.00"}] | 9914e994423c7c27facfc21007487257fd4febc9e23f5283943b6673409a2e3e",
      ]
    `);
  });
});
