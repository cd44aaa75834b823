import * as z from 'zod';
import type { Database, Transaction } from '../../../functions/core/database.ts';

/** How a relation is looked at, where a stopped night and an undisturbed one differ by nature. */
interface Look {
  /** Columns that say how often something was tried. */
  readonly without?: readonly string[];
  readonly where?: string;
  /** Each line once: what is sent at least once. */
  readonly once?: boolean;
  /** Columns, as they are told instead. */
  readonly instead?: Readonly<Record<string, string>>;
}

/** How long the statements of a check took. */
const measured = `case when r.unit = 'ms' then 'measured' else`;

/**
 * Only what counts tries, and nothing of what was done: an attempt that failed, a message sent again, a beat.
 * Every other relation is looked at whole.
 */
const looks: Readonly<Record<string, Look>> = {
  'ops.attempts': { without: ['attempt', 'request_id'], where: `r.status in ('running', 'succeeded')` },
  'ops.dead_letters': { without: ['sqs_message_id', 'body'], once: true },
  'ops.heartbeats': { without: ['attempt', 'progress', 'beat_at'] },
  'ops.job_runs': { without: ['attempts', 'version'] },
  'ops.outbox': { without: ['outbox_id', 'message', 'sqs_message_id'], once: true },
  // The rows of the night as they closed, ids and tries in them; those rows are compared themselves.
  'ops.recorded_states': { without: ['key', 'state'] },
  'ops.runs': { without: ['trigger_key'] },
  'ops.alert_publications': { without: ['message_id'] },
  'ops.alert_probes': { without: ['message_id'] },
  'ops.check_values': {
    instead: { value: `${measured} r.value::text end`, outcome: `${measured} r.outcome end` },
  },
};

/** What is not the night's: the schema's own books. */
const others = ['ops.schema_migrations', 'ops.schema_objects'];

/** Keys in documents that hold ids or how long something took; columns are told by the catalog. */
const keys = [
  'claim_id',
  'refresh_id',
  'alert_id',
  'history_id',
  'publication_id',
  'achievement_id',
  'dedup_key',
  'run_id',
  'job_run_id',
  'duration_ms',
  'milliseconds',
  // Where the publications were: the id of the last.
  'after',
];

export type Left = ReadonlyMap<string, string>;

const column = z.strictObject({
  relation: z.string(),
  filled: z.boolean(),
  column: z.string(),
  kind: z.enum(['run', 'job run', 'id', 'reference', 'value']),
  /** What a reference names: `ops.alerts` and `alert_id`. */
  names: z.string().nullable(),
  key: z.string().nullable(),
});

type Column = z.output<typeof column>;

const told = z.strictObject({ relation: z.string(), digest: z.string() });

export interface Looking {
  /** Of the relations that keep a row per run or job run, those of these runs alone; all unless given. */
  readonly runs?: readonly string[];
}

/**
 * Every table and materialized view of ours, as rows and a digest of them, whatever their order. Ids that a sequence gave
 * are left out, since a transaction that was rolled back uses some up, and a reference is told by what it names; runs by
 * pipeline and date; moments all alike, dates as they are. A row too many, one too few and one that says something else show.
 */
export async function leftBy(database: Database, looking: Looking = {}): Promise<Left> {
  const columns = await columnsOf(database);
  const texts = [...columns].map(
    ([relation]) =>
      `select '${relation}', (select count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' order by line)), '-') from (${linesOf(relation, columns, looking)}) l)`,
  );
  return database.transaction(async (sql) => {
    await prepare(sql);
    await sql.script(`insert into told ${texts.join('\nunion all ')}`);
    const rows = await sql(told)`select relation, digest from told order by relation`;
    return new Map(rows.map((row) => [row.relation, row.digest]));
  });
}

/** The rows of one relation, as they are compared. */
export async function linesLeft(
  database: Database,
  relation: string,
  looking: Looking = {},
): Promise<string[]> {
  const columns = await columnsOf(database);
  // A materialized view that was never filled.
  if (!columns.has(relation)) return [];
  return database.transaction(async (sql) => {
    await prepare(sql);
    await sql.script(
      `insert into told select '${relation}', line from (${linesOf(relation, columns, looking)}) l`,
    );
    const rows = await sql(told)`select relation, digest from told order by digest`;
    return rows.map((row) => row.digest);
  });
}

async function prepare(sql: Transaction): Promise<void> {
  await sql.script(`
    set local time zone 'UTC'; set local jit = off;
    create temporary table told (relation text, digest text) on commit drop;
    create or replace function pg_temp.told(jsonb) returns text language sql immutable as $$
      select regexp_replace(regexp_replace($1::text,
        '"\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:[^"]*"', '"a moment"', 'g'),
        '"(${keys.join('|')})": ("[^"]*"|[0-9.]+)', '"\\1": "not told"', 'g')
    $$`);
}

type Columns = ReadonlyMap<string, readonly Column[]>;

async function columnsOf(database: Database): Promise<Columns> {
  const rows = await database.sql(column)`
    with own as (
      select a.attrelid, a.attnum
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%'
    ), reference as (
      select c.conrelid as attrelid, c.conkey[1] as attnum, c.confrelid::regclass::text as names, a.attname as key
      from pg_constraint c
      join own on own.attrelid = c.confrelid and own.attnum = c.confkey[1]
      join pg_attribute a on a.attrelid = own.attrelid and a.attnum = own.attnum
      where c.contype = 'f' and cardinality(c.conkey) = 1
    )
    select n.nspname || '.' || r.relname as relation, r.relispopulated as filled, a.attname as column,
           case when a.attname = 'run_id' and a.atttypid = 'uuid'::regtype then 'run'
                when a.attname = 'job_run_id' and a.atttypid = 'uuid'::regtype then 'job run'
                when own.attnum is not null or a.attname = 'xact_id' then 'id'
                when reference.names is not null then 'reference' else 'value' end as kind,
           reference.names, reference.key
    from pg_class r
    join pg_namespace n on n.oid = r.relnamespace
    join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join own on own.attrelid = r.oid and own.attnum = a.attnum
    left join reference on reference.attrelid = r.oid and reference.attnum = a.attnum
    where (n.nspname in ('canon', 'observational', 'ops') or n.nspname || '.' || r.relname = 'public.module_ct_cabinet_leads')
      and r.relkind in ('r', 'p', 'm') and not n.nspname || '.' || r.relname = any (${others}::text[])
    order by 1, a.attnum`;
  return Map.groupBy(
    rows.filter(({ filled }) => filled),
    ({ relation }) => relation,
  );
}

/** A select of `line`s. */
function linesOf(relation: string, all: Columns, { runs }: Looking): string {
  const { without = [], where = 'true', once = false, instead = {} } = looks[relation] ?? {};
  const columns = all.get(relation) ?? [];
  const kept = columns.filter((each) => !without.includes(each.column));
  const row = [
    valuesOf('r', columns, without),
    ...kept.flatMap((each) => {
      const which = whichOf(each, all);
      return which === undefined ? [] : [`jsonb_build_object('which ${each.column}', ${which})`];
    }),
    ...Object.entries(instead).map(([name, told]) => `jsonb_build_object('${name}', ${told})`),
  ].join(' || ');
  return `select ${once ? 'distinct' : ''} pg_temp.told(${row}) collate "C" as line from ${relation} r where ${where} and ${ofRuns(columns, runs)}`;
}

function valuesOf(row: string, columns: readonly Column[], without: readonly string[] = []): string {
  const gone = [...without, ...columns.filter(({ kind }) => kind !== 'value').map((each) => each.column)];
  return `(to_jsonb(${row}) - array[${gone.map((name) => `'${name}'`).join(', ')}]::text[])`;
}

function whichOf({ column, kind, names, key }: Column, all: Columns): string | undefined {
  const value = `r.${column}`;
  if (kind === 'run') {
    return `(select concat_ws(' ', x.pipeline, x.as_of, x.trigger_kind) from ops.runs x where x.run_id = ${value})`;
  }
  if (kind === 'job run') {
    return `(select concat_ws(' ', y.job, x.pipeline, x.as_of, x.trigger_kind) from ops.job_runs y join ops.runs x using (run_id) where y.job_run_id = ${value})`;
  }
  if (kind !== 'reference') return undefined;
  return `(select md5(pg_temp.told(${valuesOf('x', all.get(names ?? '') ?? [])})) from ${names} x where x.${key} = ${value})`;
}

function ofRuns(columns: readonly Column[], runs: Looking['runs']): string {
  if (runs === undefined) return 'true';
  const listed = `array[${runs.map((run) => `'${run}'`).join(', ')}]::uuid[]`;
  if (columns.some(({ kind }) => kind === 'run')) return `r.run_id = any (${listed})`;
  return columns.some(({ kind }) => kind === 'job run')
    ? `r.job_run_id in (select y.job_run_id from ops.job_runs y where y.run_id = any (${listed}))`
    : 'true';
}

/** What is lost and what is doubled, by line; empty when both say the same. */
export function differences(relation: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...missing(before, after).map((line) => `${relation} lacks ${line}`),
    ...missing(after, before).map((line) => `${relation} has too ${line}`),
  ];
}

/** What `a` has and `b` lacks, as often as it does. */
function missing(a: readonly string[], b: readonly string[]): string[] {
  const count = new Map<string, number>();
  for (const line of b) count.set(line, (count.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const left = count.get(line) ?? 0;
    count.set(line, left - 1);
    return left <= 0;
  });
}
