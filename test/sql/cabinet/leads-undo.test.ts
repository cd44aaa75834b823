import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { givenPerson, givenRules, personKey } from '../../support/cabinet.ts';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { givenDrivers, givenFileLeads } from '../../support/identity.ts';
import { runJob } from '../../support/run-job.ts';
import { ask, emptied } from './relation.ts';

const asOf = '2026-01-13';
const phone = '987654321';

describe.each(versions)('identity links on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  beforeEach(() => database.admin.script(emptied));

  const reconcile = (request: object = {}) =>
    runJob(database, leadsReconcile, { asOf, repairEvents: true, ...request });
  const events = () =>
    ask(
      database.admin,
      `select source_pk, event_date, case when person_key = canon.person_key_of_driver('d1') then 'd1' else right(person_key::text, 2) end,
              payload_json ->> 'origin_tag', payload_json ->> 'matched_by'
       from observational.lead_events order by source_pk`,
    );

  async function as(role: Role, statement: string): Promise<string> {
    const session = database.connect(role);
    try {
      await session.script(statement);
      return 'done';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    } finally {
      await session.close();
    }
  }

  async function givenMatch(): Promise<void> {
    await givenFileLeads(database.admin, [{ id: 1, phone }]);
    await givenDrivers(database.admin, [{ id: 'd1', phone }]);
  }

  describe('events', () => {
    test("are made for linked leads, with the lead's day and the link's person", async () => {
      await givenMatch();
      const ran = await reconcile();
      expect(ran.report).toMatchObject({ matched: 1, events_repaired: 1 });
      expect(await events()).toEqual(['1 | 2026-01-05 | d1 | cabinet | identity_link']);
      expect((await reconcile()).report).toMatchObject({ events_repaired: 0 });
    });

    test.each(['null', `'${personKey(9)}'`])(
      "of person %s get the link's person and keep their day and channel",
      async (person) => {
        await givenMatch();
        await givenPerson(database.admin, 9);
        await database.admin.script(`
        insert into observational.lead_events (source_table, source_pk, event_date, person_key, payload_json)
        values ('module_ct_cabinet_leads', '1', '2026-01-04', ${person}, '{"origin_tag": "fleet_migration", "matched_by": "none"}')`);
        expect((await reconcile()).decisions[0]?.evidence).toMatchObject({ event_repair: 'UPDATED' });
        expect(await events()).toEqual(['1 | 2026-01-04 | d1 | fleet_migration | identity_link']);
        await database.admin.script(
          `select canon.undo_identity_link('module_ct_cabinet_leads', '1', 'wrong')`,
        );
        expect(await events()).toEqual([
          `1 | 2026-01-04 | ${person === 'null' ? '-' : '09'} | fleet_migration | identity_link`,
        ]);
      },
    );

    test('are left alone unless asked for, and where a lead is nobody', async () => {
      await givenMatch();
      await givenFileLeads(database.admin, [{ id: 2 }]);
      expect((await reconcile({ repairEvents: false })).report).toMatchObject({
        matched: 1,
        events_repaired: 0,
      });
      expect(await events()).toEqual([]);
      expect((await reconcile()).report).toMatchObject({ events_repaired: 1 });
      expect((await events()).map((line) => line[0])).toEqual(['1']);
    });
  });

  describe('undone', () => {
    test("a lead's link is never made again, and what stood on it is listed", async () => {
      await givenRules(database.admin);
      await givenMatch();
      await reconcile();
      await database.admin.script(
        `insert into canon.driver_day_trips (driver_id, trip_date, trips) values ('d1', '2026-01-06', 5)`,
      );
      await runJob(database, claimsReconcile, { asOf });
      const figures = `select source_table, figure, lead_source_pk, milestone, amount, status, undo_id is not null
                       from ops.v_identity_link_figures order by 1, 2, 4`;
      const stands = [
        'drivers | CLAIM | 1 | 1 | 25.00 | generated | false',
        'drivers | CLAIM | 1 | 5 | 35.00 | generated | false',
        'drivers | LEAD | 1 | - | - | R1_PHONE_EXACT | false',
        'module_ct_cabinet_leads | CLAIM | 1 | 1 | 25.00 | generated | false',
        'module_ct_cabinet_leads | CLAIM | 1 | 5 | 35.00 | generated | false',
        'module_ct_cabinet_leads | EVENT | 1 | - | - | identity_link | false',
      ];
      expect(await ask(database.admin, figures)).toEqual(stands);

      expect(
        await as(
          'cuadre_operator',
          `select canon.undo_identity_link('module_ct_cabinet_leads', '1', 'the wife''s phone')`,
        ),
      ).toBe('done');
      expect(await ask(database.admin, figures)).toEqual(
        stands
          .filter((line) => !line.includes('LEAD'))
          .map((line) => (line.startsWith('drivers') ? line : line.replace(/false$/, 'true'))),
      );
      expect(
        await ask(
          database.admin,
          `select undone_by, reason, link ->> 'match_rule', link ->> 'job_run_id' is not null from canon.identity_link_undos`,
        ),
      ).toEqual(["cuadre_operator | the wife's phone | R1_PHONE_EXACT | true"]);

      const again = await reconcile();
      expect(again.decisions).toMatchObject([{ decision: 'UNMATCHED', reason: 'LINK_UNDONE' }]);
      expect(await ask(database.admin, 'select source_table from canon.identity_links')).toEqual(['drivers']);
    });

    test("a driver's link is not made again either, not by another lead of the person", async () => {
      await givenMatch();
      await reconcile();
      await givenFileLeads(database.admin, [{ id: 2, phone }]);
      await database.admin.script(`select canon.undo_identity_link('drivers', 'd1', 'another driver')`);
      const again = await reconcile();
      expect(again.decisions.map(({ subject, reason }) => `${subject} ${reason}`)).toEqual([
        'lead:2 LINK_UNDONE',
        'lead:1 LINK_UNDONE',
      ]);
      expect(await ask(database.admin, 'select source_table, source_pk from canon.identity_links')).toEqual([
        'module_ct_cabinet_leads | 1',
      ]);
    });

    test('a link that is not there cannot be undone, nor one without a reason', async () => {
      await givenMatch();
      await reconcile();
      expect(await as('cuadre_operator', `select canon.undo_identity_link('drivers', 'nobody', 'x')`)).toBe(
        'P0002',
      );
      expect(await as('cuadre_operator', `select canon.undo_identity_link('drivers', 'd1', '')`)).toBe(
        '23514',
      );
      expect(await ask(database.admin, 'select count(*) from canon.identity_links')).toEqual(['2']);
    });
  });

  test.each<[Role, string]>([
    ['cuadre_jobs', 'select * from canon.drivers_index'],
    ['cuadre_jobs', 'select * from canon.v_cabinet_lead_keys'],
    ['cuadre_jobs', 'select * from public.drivers'],
    ['cuadre_jobs', 'select primary_phone from canon.identity_registry'],
    ['cuadre_jobs', `update canon.identity_registry set primary_phone = '1'`],
    ['cuadre_jobs', `select * from canon.match_identities('canon.v_cabinet_lead_keys', '{}', 'x')`],
    ['cuadre_jobs', 'delete from canon.identity_links'],
    ['cuadre_jobs', `update canon.identity_links set person_key = gen_random_uuid()`],
    ['cuadre_jobs', 'delete from canon.identity_unmatched'],
    ['cuadre_jobs', 'delete from canon.identity_link_undos'],
    ['cuadre_jobs', `select canon.undo_identity_link('drivers', 'd1', 'x')`],
    ['cuadre_jobs', 'delete from observational.lead_events'],
    ['cuadre_jobs', `update observational.lead_events set event_date = '2020-01-01'`],
    ['cuadre_jobs', `update ops.cabinet_settings set target_park_id = 'x'`],
    ['cuadre_operator', 'delete from canon.identity_links'],
    ['cuadre_operator', 'delete from canon.identity_link_undos'],
    ['cuadre_operator', 'delete from canon.identity_unmatched'],
    ['cuadre_operator', `update canon.identity_unmatched set reason_code = 'ERROR'`],
    ['cuadre_operator', `select * from canon.judge_cabinet_leads('{1}', 'x')`],
    ['cuadre_operator', 'select * from canon.drivers_index'],
    ['cuadre_reader', 'select evidence from canon.identity_links'],
    ['cuadre_reader', 'select link from canon.identity_link_undos'],
    ['cuadre_reader', 'select * from canon.drivers_index'],
    ['cuadre_reader', `select canon.undo_identity_link('drivers', 'd1', 'x')`],
    ['cuadre_reader', `select canon.fill_persons('{}', '{}', '{}', '{}', '{}')`],
  ])('%s may not: %s', async (role, statement) => {
    expect(['42501', '25006']).toContain(await as(role, statement));
  });

  test('the order of rows, and when they were inserted, is in nothing that a run leaves behind', async () => {
    const digits = fc.constantFrom('987654321', '+51987654322', '51 987654323', '987654324', '');
    const plates = fc.constantFrom('A-1', 'a2', 'A3', '');
    const names = fc.constantFrom('Ana Cruz', 'CRUZ ANA', 'Ana Cruz Paz', 'Luis Paz', '');
    const row = fc.record({
      phone: digits,
      plate: plates,
      name: names,
      hired: fc.constantFrom('2026-01-01', '2020-01-01'),
    });
    const remains = () =>
      ask(
        database.admin,
        `select 'link', person_key, source_table, source_pk, match_rule, match_score, confidence_level, evidence::text from canon.identity_links
         union all select 'person', person_key, primary_phone, primary_license, primary_full_name, null, confidence_level, null from canon.identity_registry
         union all select 'unmatched', null, reason_code::text, source_pk, status::text, null, null, concat(details, candidates_preview) from canon.identity_unmatched
         order by 1, 2, 3, 4`,
      );
    for (const [leads, drivers] of fc.sample(
      fc.tuple(
        fc.array(row, { minLength: 4, maxLength: 12 }),
        fc.array(row, { minLength: 4, maxLength: 12 }),
      ),
      { numRuns: 5, seed: 9 },
    )) {
      const given = {
        leads: leads.map(({ hired: _, ...lead }, at) => ({ id: at + 1, ...lead })),
        drivers: drivers.map((driver, at) => ({ id: `d${at + 1}`, ...driver })),
      };
      const left: string[][] = [];
      for (const order of ['as given', 'reversed']) {
        const turn = <T>(rows: readonly T[]) => (order === 'reversed' ? rows.toReversed() : rows);
        await database.admin.script(emptied);
        await givenFileLeads(database.admin, turn(given.leads));
        await givenDrivers(database.admin, turn(given.drivers));
        await reconcile();
        left.push(await remains());
      }
      expect(left[0]?.length).toBeGreaterThanOrEqual(leads.length);
      expect(left[1]).toEqual(left[0]);
    }
  });
});
