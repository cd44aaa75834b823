import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Sql, Transaction } from '../../../functions/core/database.ts';
import { CuadreError } from '../../../functions/core/errors.ts';
import { newest, testDatabase } from '../../support/database.ts';
import { Dice } from '../../support/dice.ts';
import { createEffects } from '../../support/toy.ts';
import { runWholeNight } from '../../support/whole-night.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, retryToys, runToys, seal } from './trail.ts';

const asOf = '2026-01-13';
const id = z.strictObject({ id: z.string() });

/** A night over the golden data, a run that failed and was taken up again, in four seals; what is tampered with is taken back. */
describe.each(newest)('tampering on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  /** Oldest first. */
  const heads: string[] = [];

  beforeAll(async () => {
    await createEffects(database.admin);
    const sealed = async (limit?: number) => {
      const { head, more } = await seal(database.admin, limit === undefined ? {} : { limit });
      heads.push(head ?? '');
      return more;
    };
    const runId = await runToys(database, '2026-03-01', { fails: true });
    await sealed();
    await runWholeNight(database, asOf);
    while (await sealed(1000));
    await retryToys(database, runId);
    await database.admin.sql`select ops.verify_audit(null, 'test', false)`;
    await sealed();
    await database.admin.script(
      `insert into ops.operator_actions (operator, action, subject, reason) values ('somebody', 'PAUSE', 'not sealed yet', 'because')`,
    );
  }, 120_000);

  const takenBack = new Error('taken back');
  /** What is found of it, with all triggers off; then it never was. */
  async function found(
    tampering: string | ((sql: Transaction) => Promise<unknown>),
    head?: string,
  ): Promise<string[]> {
    let seen: string[] = [];
    await database.admin
      .transaction(async (sql) => {
        await sql.script('set local session_replication_role = replica');
        if (typeof tampering === 'string') await sql.script(tampering);
        else await tampering(sql);
        seen = await lookedAt(sql, head);
        throw takenBack;
      })
      .catch((error: unknown) => {
        if (error !== takenBack) throw error;
      });
    return seen;
  }
  const line = z.strictObject({ line: z.string() });
  async function lookedAt(sql: Sql, head: string | undefined): Promise<string[]> {
    const rows = await sql(line)`
      select finding || ' ' || source || ' ' || key as line from ops.audit_findings(decode(${head ?? null}::text, 'hex')) order by 1`;
    return rows.map((row) => row.line);
  }
  const one = async (query: string) => (await ask(database.admin, query))[0] ?? '';

  test('that never was is not reported, whichever of the heads is known', async () => {
    expect(heads.length).toBeGreaterThan(4);
    for (const head of [undefined, ...heads]) expect(await findings(database.admin, head)).toEqual([]);
  });

  describe('with rows', () => {
    test('one character of a decision', async () => {
      const key = await one(
        `select min(decision_id) from ops.decisions where decision = 'INSERTED' and evidence ->> 'amount' = '25.00'`,
      );
      expect(
        await found(
          `update ops.decisions set evidence = replace(evidence::text, '"amount": "25.00"', '"amount": "26.00"')::jsonb where decision_id = ${key}`,
        ),
      ).toEqual([`ALTERED ops.decisions ${key}`]);
    });

    test('one number of an achievement', async () => {
      const key = await one(`select min(achievement_id) from canon.milestone_achievements`);
      expect(
        await found(`update canon.milestone_achievements set achieved_trips_in_window = achieved_trips_in_window + 1
                     where achievement_id = ${key}`),
      ).toEqual([`ALTERED canon.milestone_achievements ${key}`]);
    });

    test('a row that is taken away, also with its entry', async () => {
      const key = await one('select max(id) from ops.yango_payment_status_ledger');
      const gone = `delete from ops.yango_payment_status_ledger where id = ${key};`;
      expect(await found(gone)).toEqual([`REMOVED ops.yango_payment_status_ledger ${key}`]);
      const sealNo = await one(
        `select seal_no from ops.audit_sealed_entries where source = 'ops.yango_payment_status_ledger' and key = '${key}'`,
      );
      const andItsEntry = `${gone} delete from ops.audit_sealed_entries where source = 'ops.yango_payment_status_ledger' and key = '${key}'`;
      expect(await found(andItsEntry)).toEqual([`SEAL_ALTERED ops.audit_sealed_entries ${sealNo}`]);
    });

    test('a row that is slipped in among the old ones', async () => {
      const copied = (table: string, key: string, columns: string, changed: string) => `
        insert into ${table} (${columns}) select ${changed} from ${table} order by ${key} limit 1`;
      // As of a job run that is over, whatever transaction it says it is of.
      const decided = copied(
        'ops.decisions',
        'decision_id',
        'job_run_id, subject, decision, evidence',
        `job_run_id, 'lead:0', decision, '{}'`,
      );
      expect(await found(decided)).toEqual([expect.stringMatching(/^INSERTED ops.decisions \d+$/)]);
      // As of long ago.
      const acted = `insert into ops.operator_actions (operator, action, subject, reason, acted_at) values ('x', 'PAUSE', 'x', 'x', now() - interval '2 hours')`;
      expect(await found(acted)).toEqual([expect.stringMatching(/^INSERTED ops.operator_actions \d+$/)]);
      // As of a transaction that was over by then.
      const old = `insert into ops.operator_actions (operator, action, subject, reason, xact_id) values ('x', 'PAUSE', 'x', 'x', (select min(xact_id) from ops.decisions))`;
      expect(await found(old)).toEqual([expect.stringMatching(/^INSERTED ops.operator_actions \d+$/)]);
    });

    test('two rows that change places', async () => {
      const [first, second] = await ask(
        database.admin,
        `select decision_id from ops.decisions where decision = 'VETOED' or decision = 'INSERTED' order by 1 limit 2`,
      );
      expect(
        await found(`update ops.decisions d set (job_run_id, subject, decision, reason, detail, evidence) =
                       (select o.job_run_id, o.subject, o.decision, o.reason, o.detail, o.evidence from ops.decisions o
                        where o.decision_id in (${first}, ${second}) and o.decision_id <> d.decision_id)
                     where d.decision_id in (${first}, ${second})`),
      ).toEqual([`ALTERED ops.decisions ${first}`, `ALTERED ops.decisions ${second}`].sort());
    });

    test('what a job run reported, what a run was, and which rule was in force', async () => {
      const [jobRun, run] = [
        await one(`select job_run_id from ops.job_runs where job = 'cabinet.claims-reconcile'`),
        await one(`select run_id from ops.runs where pipeline = 'cabinet-daily'`),
      ];
      expect(
        await found(
          `update ops.job_runs set report = '{"claims_inserted": 26}' where job_run_id = '${jobRun}'`,
        ),
      ).toEqual([`ALTERED ops.job_runs ${jobRun}`]);
      expect(await found(`update ops.runs set code_version = 'other' where run_id = '${run}'`)).toEqual([
        `ALTERED ops.runs ${run}`,
      ]);
      expect(await found(`delete from ops.job_runs where job_run_id = '${jobRun}'`)).toEqual([
        `REMOVED ops.job_runs ${jobRun}`,
      ]);
      expect(
        await found(`insert into ops.runs select (jsonb_populate_record(r, jsonb_build_object('run_id', gen_random_uuid(), 'trigger_key', 'x'))).*
                     from ops.runs r where run_id = '${run}'`),
      ).toEqual([expect.stringMatching(/^INSERTED ops.runs /)]);
      const rule = await one('select min(id) from ops.partner_payment_rules');
      expect(await found(`update ops.partner_payment_rules set notes = 'x' where id = ${rule}`)).toEqual([
        `ALTERED ops.partner_payment_rules ${rule}`,
      ]);
      expect(
        await found(`update ops.schema_objects set checksum = 'x' where name = 'ops.seal_audit'`),
      ).toEqual(['ALTERED ops.schema_objects ops.seal_audit']);
    });

    test('a run that is over and is under way again without anybody', async () => {
      const run = await one(`select run_id from ops.runs where pipeline = 'cabinet-daily'`);
      expect(
        await found(`delete from ops.operator_actions where subject = 'not sealed yet';
                     update ops.runs set status = 'running', finished_at = null where run_id = '${run}'`),
      ).toEqual([`REOPENED ops.runs ${run}`]);
    });

    test('a claim: its amount, its status without history, its absence', async () => {
      const claim = await one(`select max(claim_id) from canon.claims_yango_cabinet_14d`);
      const of = `canon.claims_yango_cabinet_14d ${claim}`;
      const where = `where claim_id = ${claim}`;
      expect(
        await found(`update canon.claims_yango_cabinet_14d set lead_date = lead_date - 1 ${where}`),
      ).toEqual([`ALTERED ${of}`]);
      expect(
        await found(`update canon.claims_yango_cabinet_14d set status = 'paid', paid_at = now() ${where}`),
      ).toEqual([`ALTERED ${of}`]);
      expect(await found(`delete from canon.claims_yango_cabinet_14d ${where}`)).toEqual([`REMOVED ${of}`]);
      expect(
        await found(
          `delete from canon.claim_status_history ${where}; delete from canon.claims_yango_cabinet_14d ${where}`,
        ),
      ).toEqual([expect.stringMatching(/^REMOVED canon.claim_status_history /), `REMOVED ${of}`]);
    });

    test('an alert that stands otherwise than its history says', async () => {
      const alert = await one('select max(alert_id) from ops.alerts');
      expect(await found(`update ops.alerts set severity = 'info' where alert_id = ${alert}`)).toEqual([
        `ALTERED ops.alerts ${alert}`,
      ]);
    });
  });

  describe('with seals', () => {
    const middle = 3;

    test('one that is taken away, with its entries or without', async () => {
      const gone = `delete from ops.audit_seals where seal_no = ${middle};`;
      const chain = [`CHAIN_BROKEN ops.audit_seals ${middle + 1}`, `SEAL_MISSING ops.audit_seals ${middle}`];
      expect(await found(gone)).toEqual([...chain, `SEAL_MISSING ops.audit_seals ${middle}`].sort());
      const all = await found(`${gone} delete from ops.audit_sealed_entries where seal_no = ${middle}`);
      expect(all).toEqual(expect.arrayContaining(chain));
      // And its entries are in none.
      expect(all.filter((each) => each.startsWith('INSERTED')).length).toBeGreaterThan(100);
    });

    test('one that is made anew, but not the ones after it', async () => {
      expect(await found((sql) => remade(sql, middle, false))).toEqual([
        `CHAIN_BROKEN ops.audit_seals ${middle + 1}`,
      ]);
    });

    test('all from one on, made anew: only a head that was kept outside tells', async () => {
      const last = heads.at(-1);
      expect(await found((sql) => remade(sql, middle, true))).toEqual([]);
      expect(await found((sql) => remade(sql, middle, true), last)).toEqual([
        `HEAD_UNKNOWN ops.audit_seals ${last}`,
      ]);
      expect(await found((sql) => remade(sql, middle, true), heads[middle - 2])).toEqual([]);
    });

    test('the newest ones, cut off with all their rows', async () => {
      const last = heads.at(-1);
      const cut = `delete from ops.audit_seals where seal_no = (select max(seal_no) from ops.audit_seals)`;
      expect(await found(cut, last)).toEqual(
        expect.arrayContaining([`HEAD_UNKNOWN ops.audit_seals ${last}`]),
      );
    });

    test.each([
      ['its day', `day = day - 1`],
      ['its moment', `sealed_at = sealed_at + interval '1 microsecond'`],
      ['its count', 'entries = entries + 1'],
      [
        'what it had seen',
        `snapshot = coalesce(snapshot, '5:5:') ::text::txid_snapshot, code_version = code_version || 'x'`,
      ],
    ])('%s', async (_what, change) => {
      const seen = await found(`update ops.audit_seals set ${change} where seal_no = ${middle}`);
      expect(seen).toContain(`SEAL_ALTERED ops.audit_seals ${middle}`);
    });

    /** An altered row, its entry and the seal made to fit; with `all` every seal after it too. */
    async function remade(sql: Transaction, sealNo: number, all: boolean): Promise<void> {
      const [row] = await sql(id)`
        select min(key::bigint)::text as id from ops.audit_sealed_entries where source = 'ops.decisions' and seal_no = ${sealNo}::bigint`;
      await sql`update ops.decisions set reason = 'MADE_TO_FIT' where decision_id = ${row?.id ?? ''}::bigint`;
      await sql`
        update ops.audit_sealed_entries s set digest = ops.audit_entry_digest(e.source, e.key, e.content)
        from ops.v_audit_entries e where e.source = 'ops.decisions' and e.key = ${row?.id ?? ''} and s.source = e.source and s.key = e.key`;
      for (let each = sealNo; each === sealNo || (all && each <= heads.length); each += 1) {
        await sql`
          update ops.audit_seals s
          set previous_digest = p.previous, entries_digest = d.entries_digest,
              digest = ops.audit_seal_digest(s.seal_no, s.day, s.sealed_at, s.entries, s.snapshot, s.code_version, p.previous, d.entries_digest)
          from ops.v_audit_entries_digests d,
               (select coalesce((select digest from ops.audit_seals where seal_no = ${each - 1}::bigint), sha256('cuadre')) as previous) p
          where s.seal_no = ${each}::bigint and d.seal_no = s.seal_no`;
      }
    }
  });

  test.each([1, 2, 3])('of any kind with any row is found, and the row is named (seed %i)', async (seed) => {
    const dice = new Dice(seed);
    const columns = await ask(database.admin, alterable);
    for (let tries = 0, done = 0; done < 12; tries += 1) {
      expect(tries).toBeLessThan(200);
      const { statement, named } = await random(dice, columns);
      if (statement === undefined) continue;
      let seen: string[];
      try {
        seen = await found(statement);
      } catch (error) {
        // A constraint stood in its way: nothing was tampered with.
        if (error instanceof CuadreError && /^(23|22)/.test(error.code)) continue;
        throw error;
      }
      expect(seen, statement).toContain(named);
      done += 1;
    }
    expect(await findings(database.admin)).toEqual([]);
  });

  /** `table column type` of what an entry's text is made of. */
  const alterable = `
    select distinct format('%s.%s %s %s', n.nspname, c.relname, a.attname, t.typname) as line
    from pg_rewrite w
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refobjsubid > 0
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attgenerated = ''
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
    where w.ev_class = 'ops.v_audit_entries'::regclass and a.attname <> 'xact_id'
      and t.typname in ('text', 'varchar', 'int4', 'int8', 'numeric', 'date', 'timestamptz', 'uuid', 'jsonb', 'bool')
      and not exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey))
    order by 1`;

  const otherwise: Readonly<Record<string, (column: string) => string>> = {
    text: (column) => `coalesce(${column}, '') || 'x'`,
    varchar: (column) => `coalesce(${column}, '') || 'x'`,
    int4: (column) => `coalesce(${column}, 0) + 1`,
    int8: (column) => `coalesce(${column}, 0) + 1`,
    numeric: (column) => `coalesce(${column}, 0) + 1`,
    date: (column) => `case when isfinite(${column}) then ${column} - 1 else '2020-01-01' end`,
    timestamptz: (column) => `coalesce(${column}, now()) + interval '1 microsecond'`,
    uuid: () => 'gen_random_uuid()',
    jsonb: (column) => `jsonb_build_array(${column})`,
    bool: (column) => `not coalesce(${column}, false)`,
  };

  async function random(
    dice: Dice,
    columns: readonly string[],
  ): Promise<{ statement?: string; named: string }> {
    const [table = '', column = '', type = ''] = dice.of(columns).split(' ');
    const keys = await ask(
      database.admin,
      `select key from ops.audit_sealed_entries where source = '${table}' order by key`,
    );
    if (keys.length === 0) return { named: '' };
    const key = dice.of(keys);
    const primary = await one(
      `select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       where i.indrelid = '${table}'::regclass and i.indisprimary`,
    );
    const where = `where ${primary}::text = '${key}'`;
    if (dice.chance(0.3))
      return { statement: `delete from ${table} ${where}`, named: `REMOVED ${table} ${key}` };
    const change = otherwise[type]?.(column);
    if (change === undefined) throw new Error(`no other value for a ${type}`);
    return {
      statement: `update ${table} set ${column} = ${change} ${where}`,
      named: `ALTERED ${table} ${key}`,
    };
  }
});
