import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cabinetLead } from '../../functions/api/cabinet-lead.ts';
import { limbo } from '../../functions/api/collections/limbo.ts';
import { runsShow } from '../../functions/api/runs-show.ts';
import { givenLeads, givenRules } from '../support/cabinet.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';

/** A uuid to PostgreSQL, which asks for hexadecimal digits; not one of RFC 9562, which asks for a version and a variant. */
const odd = 'abcdefab-cdef-abcd-efab-cdefabcdefab';

describe('a uuid of PostgreSQL’s that no RFC knows', () => {
  const database = testDatabase();
  const reader = () => environmentOf(database, 'cuadre_reader');

  test('is shown as a person’s key', async () => {
    await givenRules(database.admin);
    await givenLeads(database.admin, [{ id: 1, date: '2026-01-05', person: null }]);
    await database.admin.sql`insert into canon.identity_registry (person_key) values (${odd}::uuid)`;
    await database.admin.sql`
      insert into canon.identity_links (person_key, source_table, source_pk) values (${odd}::uuid, 'module_ct_cabinet_leads', '1')`;
    const listed = await call(limbo, reader(), { query: { use_materialized: 'false' } });
    expect([listed.status, listed.body]).toMatchObject([200, { data: [{ person_key: odd }] }]);
    const story = await call(cabinetLead, reader(), { path: { lead_id: '1' } });
    // A link that is older than the rules names none.
    const identity = { link: { person_key: odd, match_rule: null } };
    expect([story.status, story.body]).toMatchObject([200, { lead: { person_key: odd }, identity }]);
  });

  test('is looked for as a run’s id, and found or not', async () => {
    expect(await call(runsShow, reader(), { path: { run_id: odd } })).toMatchObject({ status: 404 });
    await database.admin.sql`
      insert into ops.runs (run_id, pipeline, kind, as_of, dry_run, trigger_kind, trigger_key, trigger, request_digest, inline, input, graph,
                            code_version)
      values (${odd}::uuid, 'cabinet-daily', 'pipeline', '2026-01-13', false, 'cli', 'odd', '{}', 'odd', false, '{}', '{}', 'dev')`;
    expect(await call(runsShow, reader(), { path: { run_id: odd } })).toMatchObject({
      status: 200,
      body: { run_id: odd },
    });
  });
});

test('no schema asks more of a uuid than PostgreSQL does', () => {
  const functions = join(import.meta.dirname, '../../functions');
  const strict = readdirSync(functions, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(join(functions, file), 'utf8').includes('z.uuid('));
  expect(strict).toEqual([]);
});
