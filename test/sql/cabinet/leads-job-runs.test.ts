import { beforeEach, describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { givenLink, givenPerson, personKey } from '../../support/cabinet.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { givenDrivers, givenFileLeads } from '../../support/identity.ts';
import type { Ran } from '../../support/run-job.ts';
import { leadsJobOn, phone, told } from './leads-job-given.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the leads job on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const { run, again, links, unmatched, state } = leadsJobOn(database);

  beforeEach(() => database.admin.script(emptied));

  describe('the selection', () => {
    const leads = [
      { id: 1, date: '2025-12-01' },
      { id: 2, date: '2026-01-05' },
      { id: 3, date: '2026-01-05' },
      { id: 4, date: '2026-01-14' },
      { id: 5, date: '2025-12-20' },
    ];
    const ids = (ran: Ran) => ran.decisions.map(({ subject }) => Number(subject.replace('lead:', '')));

    beforeEach(async () => {
      // Leads 3 and 5 are done; lead 4 is dated after the run.
      for (const id of [3, 5]) {
        await givenPerson(database.admin, id);
        await givenLink(database.admin, id, 'module_ct_cabinet_leads', String(id));
        await givenLink(database.admin, id, 'drivers', `e${id}`);
      }
    });

    test.each<[object, number[]]>([
      [{}, [3, 2, 5, 1]],
      [{ daysBack: 8 }, [3, 2, 1]],
      [{ daysBack: 24 }, [3, 2, 5, 1]],
      [{ daysBack: 23 }, [3, 2, 1]],
      [{ daysBack: 'all' }, [3, 2, 5, 1]],
      [{ limit: 2 }, [3, 2]],
      [{ onlyLimbo: true }, [2, 1]],
      [{ onlyLimbo: true, limit: 1 }, [2]],
      [{ asOf: '2025-12-31' }, [5, 1]],
    ])('%j takes exactly %j', async (request, expected) => {
      const ran = await run(leads, [], { dryRun: true, ...request });
      expect(ids(ran)).toEqual(expected);
      expect(ran.report).toMatchObject({ selected: expected.length, processed: expected.length });
    });

    test('two leads of one key are one', async () => {
      await database.admin.script(
        `insert into public.module_ct_cabinet_leads (id, external_id, lead_created_at) values (9, '2', '2026-01-01')`,
      );
      expect(ids(await run(leads, [], { onlyLimbo: true }))).toEqual([2, 1]);
    });
  });

  test('an unmatched row is opened, left alone when ignored, resolved, and reopened', async () => {
    await run([{ id: 1, phone }], []);
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | OPEN | false | false']);

    const operator = database.connect('cuadre_operator');
    await operator.sql`update canon.identity_unmatched set status = 'IGNORED' where source_pk = '1'`;
    await operator.close();
    await givenDrivers(database.admin, [
      { id: 'd1', phone },
      { id: 'd2', phone },
    ]);
    await again();
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | IGNORED | false | false']);

    await database.admin.script(
      `update canon.identity_unmatched set status = 'OPEN'; delete from public.drivers where driver_id = 'd2'`,
    );
    await again();
    expect(await unmatched()).toEqual(['1 | NO_CANDIDATES | RESOLVED | true | false']);

    await database.admin.script(
      `select canon.undo_identity_link('module_ct_cabinet_leads', '1', 'it is somebody else')`,
    );
    expect(told(await again())).toEqual(['lead:1: UNMATCHED LINK_UNDONE']);
    expect(await unmatched()).toEqual(['1 | LINK_UNDONE | OPEN | false | true']);
  });

  test('a dry run says what the run then does, from an index that it leaves as it was', async () => {
    await givenPerson(database.admin, 7);
    await givenLink(database.admin, 7, 'module_ct_cabinet_leads', '3');
    const leads = [
      { id: 1, phone },
      { id: 2, phone: '999999999' },
      { id: 3, phone: '988888888' },
    ];
    const before = await state();
    const dry = await run(
      leads,
      [
        { id: 'd1', phone },
        { id: 'd2', phone: '988888888' },
      ],
      { dryRun: true, repairEvents: true },
    );
    expect(await state()).toEqual([...before.slice(0, 4), 'driver | -']);
    const real = await again({ repairEvents: true });
    expect(dry.decisions.map(({ evidence }) => evidence)).toEqual(
      real.decisions.map(({ evidence }) => evidence),
    );
    expect(told(dry)).toEqual(told(real).map((line) => line.replace(' MATCHED', ' WOULD_MATCH')));
    expect(dry.report).toMatchObject({
      matched: 0,
      would_match: 2,
      newly_linked: 1,
      drivers_index: { inserted: 2 },
    });
    expect(real.report).toMatchObject({
      matched: 2,
      would_match: 0,
      newly_linked: 1,
      drivers_index: { inserted: 2 },
    });
  });

  test('the index follows the drivers: only what changed is touched', async () => {
    const drivers = [{ id: 'd1', phone }, { id: 'd2' }, { id: 'd3' }];
    await run([], drivers);
    await database.admin.script(`
      update public.drivers set phone = '999999999' where driver_id = 'd1';
      update public.drivers set work_status = 'x' where driver_id = 'd2';
      delete from public.drivers where driver_id = 'd3'`);
    expect((await again()).report).toMatchObject({ drivers_index: { inserted: 0, updated: 1, removed: 1 } });
    expect(
      await ask(database.admin, 'select driver_id, phone_norm from canon.drivers_index order by 1'),
    ).toEqual(['d1 | 999999999', 'd2 | -']);
    expect((await again()).report).toMatchObject({ drivers_index: { inserted: 0, updated: 0, removed: 0 } });
  });

  test('a lead that somebody else links in the same moment stays theirs', async () => {
    await givenPerson(database.admin, 7);
    await givenFileLeads(database.admin, [{ id: 1, phone }]);
    await givenDrivers(database.admin, [{ id: 'd1', phone }]);
    const other = database.connect('postgres');
    const running: Promise<Ran>[] = [];
    await other.transaction(async (sql) => {
      await sql`
        insert into canon.identity_links (person_key, source_table, source_pk)
        values (${personKey(7)}::uuid, 'module_ct_cabinet_leads', '1')`;
      running.push(again());
      const waiting = `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(() => ask(database.admin, waiting), { timeout: 10_000 }).toEqual(['1']);
    });
    await other.close();
    const [ran] = await Promise.all(running);
    expect(ran?.decisions).toMatchObject([{ decision: 'SKIPPED', reason: 'LINKED_MEANWHILE' }]);
    expect(ran?.report).toMatchObject({ matched: 0, newly_linked: 0, skipped: 1 });
    expect((await links()).at(-1)).toBe('module_ct_cabinet_leads | 1 | 07 | - | - | -');
  });

  test.each<[object, string]>([
    [{ daysBack: -1 }, 'daysBack'],
    [{ daysBack: 1.5 }, 'daysBack'],
    [{ daysBack: 'some' }, 'daysBack'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_000_001 }, 'limit'],
    [{ limit: 'all' }, 'limit'],
    [{ onlyLimbo: 1 }, 'onlyLimbo'],
    [{ repairEvents: 'yes' }, 'repairEvents'],
    [{ targetPark: 'x' }, 'targetPark'],
    [{ asOf: '2026-02-30' }, 'asOf'],
    [{ dryRun: 'no' }, 'dryRun'],
  ])('refuses %j by name', (request, field) => {
    expect(() => leadsReconcile.request(request)).toThrow(field);
  });

  test('refuses to run without a target park', async () => {
    await database.admin.script(
      'create table public.kept as table ops.cabinet_settings; delete from ops.cabinet_settings',
    );
    const ran = await again();
    await database.admin.script('insert into ops.cabinet_settings table public.kept; drop table public.kept');
    expect(ran).toMatchObject({ status: 'failed', error: { code: 'TARGET_PARK_UNSET' } });
  });
});
