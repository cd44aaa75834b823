import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, versions } from '../../support/database.ts';
import { givenPopulation, kin, population } from './identity-population.ts';
import { leadsJobOn, phone, told } from './leads-job-given.ts';
import { emptied } from './relation.ts';

const report = z.looseObject({ rounds: z.int(), selected: z.int() });

describe.each(versions)('what a run of the leads job leaves, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  const { run, again, state } = leadsJobOn(database);

  test('another run over the same data finds nothing more and changes nothing', {
    timeout: 120_000,
  }, async () => {
    const rounds = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 1, arbitrary: population }, { weight: 3, arbitrary: kin }),
        async (people) => {
          await givenPopulation(database, people);
          const first = await again({ daysBack: 'all', repairEvents: true });
          const figures = report.parse(first.report);
          rounds.add(figures.rounds);
          // Every lead once, in whichever round.
          const subjects = first.decisions.map(({ subject }) => subject);
          expect(subjects.toSorted()).toEqual(people.leads.map(({ id }) => `lead:${id}`).toSorted());
          expect(figures.selected).toBe(people.leads.length);
          const before = await state();
          const second = await again({ daysBack: 'all', repairEvents: true });
          expect(second.report).toMatchObject({
            matched: 0,
            persons_filled: 0,
            events_repaired: 0,
            rounds: 1,
          });
          expect(await state()).toEqual(before);
        },
      ),
      { numRuns: 60, seed: 45 },
    );
    // What never came up was not tried.
    expect([...rounds].sort()).toEqual([1, 2, 3]);
  });

  test('rounds go on until one links nobody, and each lead is decided on in one of them', async () => {
    await database.admin.script(emptied);
    const ran = await run(
      [
        { id: 1, name: 'Ana Cruz', phone },
        { id: 2, name: 'Ana Cruz', plate: 'A1' },
        { id: 3, name: 'Eva Paz', phone: '999999999', plate: 'A2' },
        { id: 4, name: 'Rosa Luna', phone: '911111111' },
      ],
      [
        { id: 'd1', name: 'Ana Cruz', phone, plate: 'A1', hired: '2020-01-01' },
        { id: 'd2', phone: '999999999' },
        { id: 'd3', name: 'Eva Paz', plate: 'A2' },
      ],
      { repairEvents: true },
    );
    // The phone gives d1 a person, the plate then finds that person; the third lead is torn between two drivers for good.
    expect(told(ran)).toEqual([
      'lead:4: UNMATCHED NO_CANDIDATES',
      'lead:1: MATCHED R1_PHONE_EXACT',
      'lead:2: MATCHED R3b',
      'lead:3: UNMATCHED MULTIPLE_CANDIDATES',
    ]);
    expect(ran.report).toMatchObject({
      rounds: 3,
      selected: 4,
      processed: 4,
      matched: 2,
      unmatched: 2,
      newly_linked: 2,
      newly_driver_mapped: 2,
      events_repaired: 2,
      persons_filled: 1,
      limbo_found: 4,
      by_rule: { R1_PHONE_EXACT: 1, R3b: 1 },
      by_reason: { NO_CANDIDATES: 1, MULTIPLE_CANDIDATES: 1 },
      by_stage: { NO_IDENTITY: { selected: 4, matched: 2, unmatched: 2, skipped: 0 } },
    });
  });

  test('a dry run links nobody: it says what the first round would, and that of the other leads', async () => {
    await database.admin.script(emptied);
    const dry = await run(
      [
        { id: 1, name: 'Ana Cruz', phone },
        { id: 2, name: 'Ana Cruz', plate: 'A1' },
      ],
      [{ id: 'd1', name: 'Ana Cruz', phone, plate: 'A1', hired: '2020-01-01' }],
      { dryRun: true },
    );
    expect(told(dry)).toEqual(['lead:2: UNMATCHED NO_CANDIDATES', 'lead:1: WOULD_MATCH R1_PHONE_EXACT']);
    expect(dry.report).toMatchObject({ rounds: 1, would_match: 1, unmatched: 1 });
  });
});
