import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { whole } from '../stats.ts';

const row = z.strictObject({
  kind: z.string(),
  what: z.string(),
  leads: z.int(),
  drivers: z.int(),
  linked: z.int(),
  right: z.int(),
  /** What became of those who are drivers and were not linked to theirs: reason -> count. */
  lost: z.record(z.string(), z.int()),
  /** Rules of the links: rule -> count. */
  rules: z.record(z.string(), z.int()),
});
type Row = z.infer<typeof row>;

/**
 * The first run's decisions against the truth. Precision: right links of all links. Recall: right links of all leads
 * that are drivers. By rule, and by the kind of noise: what is lost is lost to that.
 */
export async function quality(admin: Database): Promise<string[]> {
  const rows = await admin.sql(row)`
    with told as materialized (
      select t.kind, t.driver_id as truth, d.reason, d.detail as rule, case when d.decision = 'MATCHED' then d.evidence ->> 'driver_id' end as found
      from bench.truth t
      join ops.decisions d on d.subject = 'lead:' || t.lead_id
      where d.job_run_id = (select job_run_id from ops.decisions order by decision_id limit 1)
    )
    select k.kind, k.what, c.leads, c.drivers, c.linked, c."right",
      coalesce((select jsonb_object_agg(reason, n) from (
        select coalesce(reason, 'another driver') as reason, count(*) as n from told t where t.kind = k.kind and truth is not null and found is distinct from truth group by 1) l), '{}') as lost,
      coalesce((select jsonb_object_agg(rule, n) from (
        select rule, count(*) as n from told t where t.kind = k.kind and found is not null group by rule) r), '{}') as rules
    from (select kind, what, row_number() over (order by upto) as place from bench.kind) k
    join (
      select kind, count(*)::integer as leads, count(truth)::integer as drivers, count(found)::integer as linked,
             (count(*) filter (where found = truth))::integer as "right"
      from told group by kind
    ) c on c.kind = k.kind
    order by k.place`;
  const total = (of: (row: Row) => number) => rows.reduce((sum, each) => sum + of(each), 0);
  const percent = (part: number, of: number) => (of === 0 ? '-' : `${((100 * part) / of).toFixed(2)} %`);
  const drivers = total((each) => each.drivers);
  const right = total((each) => each.right);
  const linked = total((each) => each.linked);
  return [
    '',
    `leads that are drivers ${whole(drivers)}, linked ${whole(linked)}, of these right ${whole(right)}`,
    `precision ${percent(right, linked)}, recall ${percent(right, drivers)}`,
    '',
    `${'noise'.padEnd(20)}${'leads'.padStart(10)}${'linked'.padStart(10)}${'right'.padStart(10)}${'recall'.padStart(10)}  lost as`,
    ...rows.map(({ kind, leads, drivers, linked, right, lost }) => {
      const figures = [whole(leads), whole(linked), whole(right), percent(right, drivers)];
      return `${kind.padEnd(20)}${figures.map((figure) => figure.padStart(10)).join('')}  ${spell(lost)}`;
    }),
    '',
    ...byRule(rows),
    '',
    ...rows.map(({ kind, what }) => `${kind.padEnd(20)}${what}`),
  ];
}

function byRule(rows: readonly Row[]): string[] {
  const rules = [...new Set(rows.flatMap(({ rules }) => Object.keys(rules)))].sort();
  return rules.map((rule) => {
    const kinds = Object.fromEntries(
      rows.flatMap(({ kind, rules }) => (rules[rule] === undefined ? [] : [[kind, rules[rule]]])),
    );
    return `${rule} links ${spell(kinds)}`;
  });
}

function spell(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${whole(count)}`)
    .join(', ');
}
