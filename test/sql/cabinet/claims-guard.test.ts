import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../functions/core/database.ts';
import { givenPerson, givenRules, personKey } from '../../support/cabinet.ts';
import { type Role, testDatabase, versions } from '../../support/database.ts';
import { ask, emptied } from './relation.ts';

const claims = 'canon.claims_yango_cabinet_14d';

describe.each(versions)('claims on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  beforeEach(async () => {
    await database.admin.script(emptied);
    await givenRules(database.admin);
    await givenPerson(database.admin, 1);
  });

  /** Tries it as the role, in a session of its own. */
  async function as(role: Role, statement: string): Promise<void> {
    const session = database.connect(role);
    try {
      await session.script(statement);
    } finally {
      await session.close();
    }
  }
  const values = (more: Readonly<Record<string, string>> = {}) => {
    const row: Record<string, string> = {
      person_key: `'${personKey(1)}'`,
      driver_id: `'d1'`,
      lead_source_pk: `'1'`,
      lead_date: `'2026-01-05'`,
      milestone: '1',
      amount_expected: '25.00',
      rule_id: '(select id from ops.partner_payment_rules where milestone_trips = 1)',
      status: `'generated'`,
      generated_at: `'2026-01-06T00:00:00Z'`,
      ...more,
    };
    return `insert into ${claims} (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`;
  };
  const shown = (admin: Database) =>
    ask(admin, `select status, amount_expected, generated_at::date, reason from ${claims}`);

  describe.each(['paid', 'rejected'])('that are %s', (status) => {
    beforeEach(() => database.admin.script(values({ status: `'${status}'`, paid_at: 'now()' })));

    test.each([
      `update ${claims} set status = 'generated'`,
      `update ${claims} set status = 'expired'`,
      `update ${claims} set reason = 'touched'`,
      `update ${claims} set paid_at = null`,
      `insert into ${claims} as c (person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, rule_id, status)
       select person_key, driver_id, lead_source_pk, lead_date, milestone, amount_expected, rule_id, 'generated' from ${claims}
       on conflict (person_key, lead_date, milestone) do update set status = 'generated'`,
    ])('the jobs cannot touch: %s', async (statement) => {
      await expect(as('cuadre_jobs', statement)).rejects.toThrow(/only an operator may touch it/);
      expect(await shown(database.admin)).toEqual([`${status} | 25.00 | 2026-01-06 | -`]);
    });

    test('an operator can correct, and the history says who and from what', async () => {
      await as('cuadre_operator', `update ${claims} set status = 'generated', reason = 'by mistake'`);
      expect(await shown(database.admin)).toEqual(['generated | 25.00 | 2026-01-06 | by mistake']);
      expect(
        await ask(
          database.admin,
          'select from_status, to_status, changed_by from canon.claim_status_history order by history_id',
        ),
      ).toEqual([`- | ${status} | postgres`, `${status} | generated | cuadre_operator`]);
    });
  });

  test.each<Role>(['postgres', 'cuadre_operator', 'cuadre_jobs'])(
    'keep their amount and their moment of generation, also against %s',
    async (role) => {
      await database.admin.script(values());
      const amount = as(role, `update ${claims} set amount_expected = 26.00, rule_id = null`);
      await expect(amount).rejects.toThrow(
        role === 'postgres' ? 'its amount is 25.00 and never changes' : 'permission denied',
      );
      for (const moment of ['null', `'2026-01-07'`]) {
        await expect(as(role, `update ${claims} set generated_at = ${moment}`)).rejects.toThrow(
          'never changes',
        );
      }
      expect(await shown(database.admin)).toEqual(['generated | 25.00 | 2026-01-06 | -']);
    },
  );

  test('may be generated once expected, by the jobs too', async () => {
    await database.admin.script(values({ status: `'expected'`, generated_at: 'null' }));
    await as('cuadre_jobs', `update ${claims} set status = 'generated', generated_at = '2026-01-08'`);
    expect(await shown(database.admin)).toEqual(['generated | 25.00 | 2026-01-08 | -']);
  });

  const impossible: readonly [string, Record<string, string>, string][] = [
    ['without a person', { person_key: 'null' }, 'null value in column "person_key"'],
    ['of an unknown person', { person_key: `'${personKey(2)}'` }, 'violates foreign key constraint'],
    [
      'of a milestone that does not exist',
      { milestone: '7', rule_id: 'null' },
      'violates foreign key constraint',
    ],
    ['at another amount than the rule’s', { amount_expected: '35.00' }, 'claim_amount_is_the_rules'],
    ['of another milestone than the rule’s', { milestone: '5' }, 'claim_amount_is_the_rules'],
    ['of no amount', { amount_expected: '0', rule_id: 'null' }, 'violates check constraint'],
    ['paid without a date', { status: `'paid'` }, 'paid_claim_has_its_date'],
  ];
  test.each(impossible)('cannot be %s, whoever tries', async (_what, more, message) => {
    await expect(as('postgres', values(more))).rejects.toThrow(message);
  });

  test.each([
    [{ rule_id: 'null' }],
    [{ driver_id: 'null' }],
    [{ status: `'rejected'` }],
    [{ status: `'paid'`, paid_at: 'now()' }],
  ])('a job brings none with %o; an operator may', async (more: Record<string, string>) => {
    await expect(as('cuadre_jobs', values(more))).rejects.toThrow('has a driver and a rule');
    await as('cuadre_operator', values(more));
    expect(await shown(database.admin)).toHaveLength(1);
  });

  test('exist once for a person, day and milestone', async () => {
    await as('cuadre_jobs', values());
    await expect(as('cuadre_jobs', values({ lead_source_pk: `'2'` }))).rejects.toThrow('duplicate key');
    await as('cuadre_jobs', `${values({ lead_source_pk: `'2'` })} on conflict do nothing`);
    expect(await shown(database.admin)).toHaveLength(1);
  });

  test('cannot be deleted, emptied or re-keyed by any role that works with them', async () => {
    await database.admin.script(values());
    for (const role of ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'] as const) {
      for (const statement of [
        `delete from ${claims}`,
        `truncate ${claims}`,
        `update ${claims} set lead_date = '2026-01-06'`,
        `update ${claims} set person_key = person_key`,
        `alter table ${claims} disable trigger all`,
        `set session_replication_role = replica`,
        `delete from canon.claim_status_history`,
        `insert into canon.claim_status_history (claim_id, to_status, changed_by) values (1, 'paid', 'me')`,
        `set role cuadre_operator; set role cuadre_owner`,
      ]) {
        await expect(as(role, statement), `${role}: ${statement}`).rejects.toThrow(
          /permission denied|must be owner|read-only transaction/,
        );
      }
    }
  });

  test('have a history row per status and statement, by the role that SET ROLE took', async () => {
    await as('cuadre_jobs', values());
    await as('cuadre_jobs', `update ${claims} set reason = 'no change of status'`);
    await as(
      'postgres',
      `set role cuadre_operator; update ${claims} set status = 'expired'; update ${claims} set status = 'generated'`,
    );
    expect(
      await ask(
        database.admin,
        'select claim_id, from_status, to_status, changed_by, changed_at is not null from canon.claim_status_history order by history_id',
      ),
    ).toEqual([
      '1 | - | generated | cuadre_jobs | true',
      '1 | generated | expired | cuadre_operator | true',
      '1 | expired | generated | cuadre_operator | true',
    ]);
  });
});
