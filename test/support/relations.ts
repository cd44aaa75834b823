import * as z from 'zod';
import type { Transaction } from '../../functions/core/database.ts';
import { CuadreError } from '../../functions/core/errors.ts';
import type { TestDatabase } from './database.ts';

/**
 * What a run writes about itself, and the relations that show nothing else: a run on unchanged data adds to these and to
 * no other. A relation may stand here only while that is so (test/sql/cabinet/twice.test.ts).
 */
export const ledger: Readonly<Record<string, string>> = {
  'ops.runs': 'a row per run',
  'ops.job_runs': 'a row per job of a run',
  'ops.attempts': 'a row per attempt of a job run',
  'ops.heartbeats': 'a row per attempt, with its last sign of life',
  'ops.outbox': 'a row per message that a run sends',
  'ops.decisions': 'a row per decision of a run',
  'ops.v_decisions': 'shows decisions with their run',
  'ops.check_values': 'a row per check and run',
  'ops.recorded_states': 'a row per job of a run that closed, and one for the run',
  'ops.v_audit_entries': 'shows what runs add, to be sealed',
  'ops.v_audit_live_states': 'shows runs and their job runs as they stand',
  'ops.alert_probes': 'a row per probe of the path of alerts, one a run',
  'ops.mv_refresh_log': 'a row per refresh of a materialized view',
  'ops.v_run_documents': 'shows runs with their job runs',
  'ops.v_mv_last_refresh': 'shows the last row of the refresh log',
  'ops.v_mv_health': 'shows the last rows of the refresh log, and their age',
};

const digest = z.strictObject({ relation: z.string(), rows: z.int(), digest: z.string() });

export type Digests = ReadonlyMap<string, string>;

export interface Looking {
  /** The date as of which the views are read. */
  readonly asOf: string;
  /**
   * Between databases, where ids of runs and readings of the clock differ by nature: both are told alike, and nothing else
   * is. Ids that people see (of claims, links, alerts) must be equal.
   */
  readonly acrossDatabases?: boolean;
  /** Of these alone; all but the ledger unless given. */
  readonly relations?: readonly string[];
  /** A condition on the rows of each, over the alias `r`; all rows unless given. */
  readonly where?: (relation: string) => string;
  /** Columns of any relation that are not looked at. */
  readonly without?: readonly string[];
}

/** Tables, views and materialized views of our schemas, from the catalog; `filled` is false of a view never refreshed. */
export async function allRelations({ admin }: TestDatabase): Promise<{ name: string; filled: boolean }[]> {
  return admin.sql(z.strictObject({ name: z.string(), filled: z.boolean() }))`
    select n.nspname || '.' || c.relname as name, c.relispopulated as filled
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('canon', 'observational', 'ops') and c.relkind in ('r', 'p', 'v', 'm')
    order by 1`;
}

/** Per relation its rows and a digest of them, whatever their order: `12 0cc1…`. */
export async function digests(database: TestDatabase, looking: Looking): Promise<Digests> {
  const { asOf, acrossDatabases = false, without = [], where = () => 'true', relations } = looking;
  const looked = (await allRelations(database)).filter(({ name }) =>
    relations === undefined ? ledger[name] === undefined : relations.includes(name),
  );
  // Which transaction wrote a row differs by nature, as the row's own id does not.
  const kept = `to_jsonb(r) - array[${['xact_id', ...without].map((column) => `'${column}'`).join(', ')}]::text[]`;
  const found = new Map(looked.map(({ name }) => [name, 'never filled']));
  await database.admin.transaction(async (sql) => {
    await sql.script(`set local cuadre.as_of = '${asOf}'; set local time zone 'UTC'; ${withoutNature};
      create temporary table told (relation text, rows integer, digest text) on commit drop`);
    for (const { name, filled } of looked) if (filled) await tell(sql, name);
    for (const row of await sql(digest)`select * from told`)
      found.set(row.relation, `${row.rows} ${row.digest}`);
  });
  return found;

  async function tell(sql: Transaction, name: string): Promise<void> {
    const row = acrossDatabases ? `pg_temp.without_nature(${kept})` : `(${kept})::text`;
    try {
      await sql.savepoint((inner) =>
        inner.script(`
          insert into told
          select '${name}', count(*), coalesce(md5(string_agg(line, E'\n' order by line)), '-')
          from (select ${row} collate "C" as line from ${name} r where ${where(name)}) l`),
      );
    } catch (error) {
      // It shows, by whatever way, a materialized view that was never refreshed.
      if (!(error instanceof CuadreError) || error.code !== '55000') throw error;
    }
  }
}

/** A row as text, its run ids and its readings of the clock told alike: moments of the last two days, where data are older. */
const withoutNature = `
  create or replace function pg_temp.without_nature(jsonb) returns text language sql stable as $$
    select case when text ~ days then regexp_replace(text, '"(' || days || ')T[^"]*"', 'NOW', 'g') else text end
    from (select case when $1::text like '%run_id": "%' then regexp_replace($1::text, '(run_id": )"[^"]*"', '\\1RUN', 'g') else $1::text end as text) t
    cross join (select (now() - interval '1 day')::date || '|' || now()::date as days) d
  $$`;

/** The relations whose digests differ, with both. */
export function differences(before: Digests, after: Digests): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((relation) => before.get(relation) !== after.get(relation))
    .map((relation) => `${relation}: ${before.get(relation)} -> ${after.get(relation)}`);
}
