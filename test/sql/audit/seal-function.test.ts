import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FORGED, SEALED, VERIFIED } from '../../../functions/core/audit-lines.ts';
import { sealAndVerify, sealOrVerify } from '../../../functions/core/audit-seal.ts';
import type { Database } from '../../../functions/core/database.ts';
import { InputError } from '../../../functions/core/errors.ts';
import { createLog } from '../../../functions/core/log.ts';
import { newest, testDatabase } from '../../support/database.ts';
import { ask } from '../cabinet/relation.ts';
import { seal, tamper } from './trail.ts';

const told = z.looseObject({ level: z.string(), message: z.string() });
const now = () => new Date('2026-01-13T11:30:00Z');

describe.each(newest)('the function that seals, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let jobs: Database;
  beforeAll(() => {
    jobs = database.connect('cuadre_jobs');
  });

  const lines: z.infer<typeof told>[] = [];
  const work = (remaining = 900_000) => {
    lines.length = 0;
    const log = createLog({ write: (line) => lines.push(told.parse(JSON.parse(line))) });
    return { sql: jobs.sql, log, codeVersion: 'test', remaining: () => remaining, now };
  };
  const messages = () => lines.map(({ message }) => message);
  const act = () =>
    database.admin.script(
      `insert into ops.operator_actions (operator, action, subject, reason) values ('somebody', 'PAUSE', 'x', 'because')`,
    );

  test('an empty event of the console changes nothing and says what there is', async () => {
    const looked = await sealOrVerify({}, work());
    expect(looked).toMatchObject({ dryRun: true, seals: 0, entries: expect.any(Number), head: null });
    expect(Number(looked['entries'])).toBeGreaterThan(100);
    expect(await ask(database.admin, 'select count(*) from ops.audit_seals')).toEqual(['0']);
    expect(messages()).toEqual([]);
    const walked = await sealOrVerify({ verify: true }, work());
    expect(walked).toMatchObject({ dryRun: true, findings: 0, head: null });
    expect(await ask(database.admin, 'select count(*) from ops.audit_verifications')).toEqual(['0']);
  });

  test('the schedule seals, walks, and the head leaves the database in a line that is a metric', async () => {
    const done = await sealAndVerify(work(), false);
    expect(done).toMatchObject({ seals: 1, seal_no: 1, more: false, verified: { findings: 0, seals: 1 } });
    expect(messages()).toEqual([SEALED, VERIFIED]);
    expect(lines[0]).toMatchObject({
      level: 'info',
      day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      entries: done['entries'],
      head: done['head'],
      AuditEntriesSealed: done['entries'],
      _aws: {
        Timestamp: now().getTime(),
        CloudWatchMetrics: [
          {
            Namespace: 'cuadre',
            Dimensions: [['function']],
            Metrics: [{ Name: 'AuditEntriesSealed', Unit: 'Count' }],
          },
        ],
      },
    });
    expect(await ask(database.admin, `select encode(digest, 'hex') from ops.audit_seals`)).toEqual([
      done['head'],
    ]);
  });

  test('twice seals what is new, says so again with nothing new, and walks once a day', async () => {
    const again = await sealAndVerify(work(), false);
    // What the walk wrote of itself.
    expect(again).toMatchObject({ seals: 1, entries: 1, seal_no: 2 });
    expect(again['verified']).toBeUndefined();
    const nothing = await sealAndVerify(work(), false);
    expect(nothing).toMatchObject({ seals: 0, entries: 0, seal_no: 2, head: again['head'] });
    expect(messages()).toEqual([SEALED]);
    await tamper(
      database.admin,
      `update ops.audit_verifications set verified_at = verified_at - interval '21 hours'`,
    );
    expect((await sealAndVerify(work(), false))['verified']).toBeDefined();
    expect(messages()).toContain(FORGED);
    await tamper(
      database.admin,
      `update ops.audit_verifications set verified_at = verified_at + interval '21 hours' where verification_id = 1`,
    );
    await tamper(
      database.admin,
      `update ops.audit_verifications set verified_at = verified_at - interval '21 hours', duration_ms = 60000`,
    );
    expect((await sealAndVerify(work(), false))['verified']).toBeUndefined();
    await tamper(
      database.admin,
      `update ops.audit_verifications set verified_at = verified_at + interval '21 hours';
       delete from ops.audit_verifications; delete from ops.audit_sealed_entries; delete from ops.audit_seals`,
    );
    await seal(jobs);
  });

  test('what was altered is an error in the log, and is kept with the result', async () => {
    await act();
    const { head } = await seal(jobs);
    await tamper(database.admin, `update ops.operator_actions set reason = 'another'`);
    const walked = await sealOrVerify({ verify: true, dryRun: false, head }, work());
    expect(walked).toMatchObject({
      findings: 1,
      anchor: head,
      examples: [{ finding: 'ALTERED', source: 'ops.operator_actions' }],
    });
    expect(lines).toMatchObject([{ level: 'error', message: FORGED, AuditFindings: 1 }]);
    expect(
      await ask(
        database.admin,
        `select findings, examples -> 0 ->> 'finding', encode(anchor, 'hex') from ops.audit_verifications order by verification_id desc limit 1`,
      ),
    ).toEqual([`1 | ALTERED | ${head}`]);
    await tamper(database.admin, `update ops.operator_actions set reason = 'because'`);
  });

  test.each([
    [{ dryrun: false }],
    [{ head: '0'.repeat(64) }],
    [{ verify: true, head: 'x' }],
    [{ verify: 'yes' }],
  ])('refuses %j', async (event) => {
    await expect(sealOrVerify(event, work())).rejects.toThrow(InputError);
    expect(messages()).toEqual([]);
  });

  describe('npm run verify', () => {
    function verify(...args: string[]): Promise<{ code: number; out: string; err: string }> {
      const main = join(import.meta.dirname, '../../../infra/local/cli/main.ts');
      const { PATH = '', HOME = '' } = process.env;
      const env = { PATH, HOME, DATABASE_URL: database.url('cuadre_jobs'), CUADRE_STATE: tmpdir() };
      return new Promise((resolve) => {
        execFile(process.execPath, [main, 'verify', ...args], { env }, (error, out, err) => {
          resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
        });
      });
    }

    test('ends with 0, 1 or 2, and names what it finds', async () => {
      const { head } = await seal(jobs);
      const fine = await verify('--head', head ?? '');
      expect(fine).toMatchObject({ code: 0, out: expect.stringContaining('everything is as it was sealed') });
      const unknown = await verify('--head', 'f'.repeat(64));
      expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining('HEAD_UNKNOWN') });
      await tamper(database.admin, `update ops.operator_actions set reason = 'another'`);
      const altered = await verify();
      expect(altered).toMatchObject({
        code: 1,
        out: expect.stringMatching(/1 findings\n {2}ALTERED ops\.operator_actions \d+ \(seal \d+\)/),
      });
      expect(await verify('--head', 'abc')).toMatchObject({
        code: 2,
        err: expect.stringContaining('64 hex digits'),
      });
    });
  });
});
