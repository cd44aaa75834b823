import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';

const definition = z.strictObject({ statement: z.string() });

/**
 * Gives a migrated database a clock of its own: whatever of ours reads the time is made anew from its own definition in
 * the catalog, with `simulation.instant()` instead. What is added tomorrow is found as well.
 */
export async function ownSqlClock(admin: Database): Promise<void> {
  await admin.script(`
    create schema simulation;
    create table simulation.clock (instant timestamptz not null);
    insert into simulation.clock values ('epoch');
    create function simulation.instant() returns timestamptz language sql stable security definer as
      'select instant from simulation.clock';
    grant usage on schema simulation to public;
    create function simulation.read_by(text) returns boolean language sql immutable as
      $$ select $1 ~ '\\m(clock_timestamp|now)\\(\\)|CURRENT_(DATE|TIMESTAMP)' $$;
    create function simulation.replaced(text) returns text language sql immutable as
      $$ select regexp_replace(regexp_replace($1, '\\m(pg_catalog\\.)?(clock_timestamp|now)\\(\\)|CURRENT_TIMESTAMP', 'simulation.instant()', 'g'),
                               'CURRENT_DATE', '(simulation.instant()::date)', 'g') $$;`);
  const statements = await admin.sql(definition)`
    with ours as (select oid, nspname from pg_namespace where nspname in ('ops', 'canon', 'observational', 'public'))
    select simulation.replaced(pg_get_functiondef(p.oid)) as statement
    from pg_proc p join ours on ours.oid = p.pronamespace
    where p.prokind in ('f', 'p') and simulation.read_by(pg_get_functiondef(p.oid))
    union all
    select format('create or replace view %s as %s', c.oid::regclass, simulation.replaced(pg_get_viewdef(c.oid)))
    from pg_class c join ours on ours.oid = c.relnamespace
    where c.relkind = 'v' and simulation.read_by(pg_get_viewdef(c.oid))
    union all
    select format('alter table %s alter column %I set default %s', c.oid::regclass, a.attname,
                  simulation.replaced(pg_get_expr(d.adbin, d.adrelid)))
    from pg_attrdef d
    join pg_class c on c.oid = d.adrelid
    join ours on ours.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
    where simulation.read_by(pg_get_expr(d.adbin, d.adrelid))`;
  for (const { statement } of statements) await admin.script(statement);
  const left = await admin.sql(z.strictObject({ name: z.string() }))`
    select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('ops', 'canon', 'observational') and p.prokind in ('f', 'p') and simulation.read_by(pg_get_functiondef(p.oid))`;
  if (left.length > 0)
    throw new Error(`these still read the machine's clock: ${left.map(({ name }) => name).join(', ')}`);
}
