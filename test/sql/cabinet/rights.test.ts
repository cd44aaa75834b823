import { describe, expect, test } from 'vitest';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { ask } from './relation.ts';

/** Where names, phones and free text about people are, table by table; of other columns a role may read some. */
const personal: Readonly<Record<string, readonly string[]>> = {
  'canon.identity_links': ['evidence'],
  'canon.identity_registry': ['primary_phone', 'primary_document', 'primary_license', 'primary_full_name'],
  'canon.drivers_index': ['phone_norm', 'license_norm', 'plate_norm', 'name_tokens'],
  'observational.lead_ledger': ['evidence_json'],
  'ops.staged_leads': ['external_id', 'first_name', 'last_name', 'park_phone', 'asset_plate_number'],
  'ops.staged_payments': ['driver'],
  'public.drivers': ['full_name', 'phone', 'license_number'],
  'public.module_ct_cabinet_leads': ['first_name', 'last_name', 'park_phone'],
  'public.module_ct_migrations': ['driver_name'],
  'public.module_ct_scouting_daily': ['driver_name', 'driver_phone', 'driver_license'],
};

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
      'canon.identity_links: insert',
      'canon.identity_unmatched: insert, update',
      'canon.milestone_achievements: insert',
      'canon.trip_rejects: delete',
      'canon.trip_rejects: insert, update',
      'observational.lead_events: insert, update',
      'ops.alert_probes: insert, update',
      'ops.alert_publications: update',
      'ops.alerts: insert, update',
      'ops.check_values: insert',
      'ops.decisions: insert',
      'ops.metric_snapshots: insert',
      'ops.yango_payment_status_ledger: insert',
    ]);
  });

  test('an operator writes claims and decides about leads and their park, the reader nothing', async () => {
    expect(await writes('cuadre_operator')).toEqual([
      'canon.claims_yango_cabinet_14d: insert, update',
      'canon.identity_unmatched: update',
      'ops.cabinet_settings: update',
    ]);
    expect(await writes('cuadre_reader')).toEqual([]);
  });

  test.each<Role>(['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'])(
    '%s reads nobody’s name or phone',
    async (role) => {
      const columns = Object.entries(personal).flatMap(([table, names]) =>
        names.map((name) => `('${table}', '${name}')`),
      );
      const readable = await ask(
        database.admin,
        `select t, c from (values ${columns.join(', ')}) as personal (t, c) where has_column_privilege('${role}', t, c, 'select')`,
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
