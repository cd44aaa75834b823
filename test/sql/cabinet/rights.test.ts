import { describe, expect, test } from 'vitest';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { ask } from './relation.ts';

/** Where names, phones and free text about people are. */
const personal = [
  'canon.identity_links',
  'observational.lead_events',
  'canon.identity_registry',
  'observational.lead_ledger',
  'public.drivers',
  'public.module_ct_cabinet_leads',
  'public.module_ct_cabinet_payments',
  'public.module_ct_migrations',
  'public.module_ct_scouting_daily',
  'public.module_ct_scouts_list',
];

describe.each(versions)('rights on the cabinet’s relations on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  /** `table: privilege, ...` of what the role may do beyond reading; the ledger's tables are another matter. */
  const writes = (role: Role) =>
    ask(
      database.admin,
      `select c.oid::regclass || ': ' || string_agg(distinct p.name, ', ' order by p.name)
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       cross join (values ('insert'), ('update')) as p(name)
       where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace::regnamespace::text in ('public', 'canon', 'observational', 'ops')
         and has_column_privilege('${role}', c.oid, a.attnum, p.name) group by c.oid
       union all
       select c.oid::regclass || ': ' || p.name
       from pg_class c cross join (values ('delete'), ('truncate'), ('references'), ('trigger')) as p(name)
       where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace::regnamespace::text in ('public', 'canon', 'observational', 'ops')
         and has_table_privilege('${role}', c.oid, p.name)
       order by 1`,
    );

  test('the jobs write their own facts, claims and decisions', async () => {
    expect(await writes('cuadre_jobs')).toEqual([
      'canon.claims_yango_cabinet_14d: insert, update',
      'canon.driver_day_trips: delete',
      'canon.driver_day_trips: insert, update',
      'canon.trip_rejects: delete',
      'canon.trip_rejects: insert, update',
      'ops.decisions: insert',
    ]);
  });

  test('an operator writes claims, the reader nothing', async () => {
    expect(await writes('cuadre_operator')).toEqual(['canon.claims_yango_cabinet_14d: insert, update']);
    expect(await writes('cuadre_reader')).toEqual([]);
  });

  test.each<Role>(['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'])(
    '%s reads nobody’s name or phone',
    async (role) => {
      const readable = await ask(
        database.admin,
        `select t from unnest(array['${personal.join("','")}']) t where has_table_privilege('${role}', t, 'select')
         or has_any_column_privilege('${role}', t, 'select')`,
      );
      expect(readable).toEqual([]);
    },
  );

  test('every relation that people see says what it is', async () => {
    const silent = await ask(
      database.admin,
      `select oid::regclass from pg_class
       where relkind in ('r', 'v', 'm') and relnamespace::regnamespace::text in ('canon', 'observational', 'ops')
         and obj_description(oid, 'pg_class') is null`,
    );
    expect(silent).toEqual([]);
  });
});
