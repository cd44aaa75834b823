import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testDatabase, versions } from '../../support/database.ts';
import {
  dateOf,
  givenPopulation,
  persons,
  type RandomLead,
  type RandomRule,
  randomLead,
  randomRule,
} from './population.ts';
import { ask, emptied } from './relation.ts';

/**
 * The same figures the plain way, person by person and rule by rule, day after day: `person scope rule | date | trips`.
 * What has no achieved date is there too, with `- | 0`.
 */
function byHand(leads: readonly RandomLead[], rules: readonly RandomRule[]): string[] {
  const who = persons(leads);
  const versions = distinctVersions(rules);
  return [...new Set(who)].flatMap((person) => {
    const own = leads.filter((_, index) => who[index] === person);
    const events = own.flatMap(({ event }) =>
      event?.of === 'own' && event.origin === 'cabinet' ? [event.day] : [],
    );
    if (events.length === 0) return [];
    const first = Math.min(...events);
    const trips = new Map(
      own.toReversed().flatMap(({ day, trips }) => trips.map(([offset, n]) => [day + offset, n] as const)),
    );
    return versions
      .filter((version) => inForce(version, first, versions))
      .map(({ id, scope, milestone, window }) => {
        let count = 0;
        for (let day = first; day < first + window; day += 1) {
          count += trips.get(day) ?? 0;
          if (count >= milestone) return `${person} ${scope} ${id} | ${dateOf(day)} | ${count}`;
        }
        return `${person} ${scope} ${id} | - | 0`;
      });
  });
}

type Version = RandomRule & { readonly id: number };

function distinctVersions(rules: readonly RandomRule[]): Version[] {
  const seen = new Set<string>();
  return rules.flatMap((rule, index) => {
    const key = [rule.scope, rule.milestone, rule.window, rule.from].join();
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ ...rule, id: index + 1 }];
  });
}

/** Its dates hold the day, it is not withdrawn, and no later version of the same rule holds the day too. */
function inForce(version: Version, day: number, all: readonly Version[]): boolean {
  const holds = ({ active, from, length }: Version) =>
    (active || length !== null) && from <= day && (length === null || day <= from + length);
  return (
    holds(version) &&
    !all.some(
      (other) =>
        holds(other) &&
        other.scope === version.scope &&
        other.milestone === version.milestone &&
        other.window === version.window &&
        other.from > version.from,
    )
  );
}

describe.each(versions)('payment calculation on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test('is what a person with the calendar would count: never under the milestone, never more than the real trips, nobody missed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomLead, { minLength: 1, maxLength: 25 }),
        fc.array(randomRule, { minLength: 1, maxLength: 9 }),
        async (leads, rules) => {
          await database.admin.script(emptied);
          await givenPopulation(database.admin, leads, rules);
          const found = await ask(
            database.admin,
            `select (right(person_key::text, 12)::integer || ' ' || rule_scope || ' ' || rule_id), achieved_date, achieved_trips_in_window
             from ops.v_payment_calculation`,
          );
          expect(found.toSorted()).toEqual(byHand(leads, rules).toSorted());
          const under = await ask(
            database.admin,
            `select rule_id from ops.v_payment_calculation
             where milestone_achieved <> (achieved_trips_in_window >= milestone_trips) or milestone_achieved <> is_payable`,
          );
          expect(under).toEqual([]);
        },
      ),
      { numRuns: 40, interruptAfterTimeLimit: 40_000 },
    );
  });
});
