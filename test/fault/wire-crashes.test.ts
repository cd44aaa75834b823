import { beforeAll, describe, expect, test } from 'vitest';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { graphOf } from '../../functions/core/pipeline.ts';
import { cabinetNight } from '../support/crash/cabinet-night.ts';
import { ALL, chosen } from '../support/crash/sample.ts';
import { StoppedNights, type Whole } from '../support/crash/stopped-nights.ts';
import { timed } from '../support/crash/timed.ts';
import type { WirePlan } from '../support/crash/wire.ts';

/** What the points of a process do not see: inside begin and commit, between a statement's answer and its end. */
const processes = ALL
  ? ['planner', 'sweeper', ...Object.keys(graphOf(cabinetDaily))]
  : ['cabinet.claims-reconcile'];
type Way = Pick<WirePlan, 'from' | 'fate'>;
const ways: readonly [Way, ...Way[]] = [
  { from: 'server', fate: 'reset' },
  { from: 'client', fate: 'reset' },
  ...(ALL ? [{ from: 'server', fate: 'close' } as const] : []),
];

describe.each(processes)('the wire of %s', (process) => {
  const nights = new StoppedNights(cabinetNight);
  let undisturbed: Whole;
  beforeAll(async () => {
    undisturbed = await nights.undisturbed();
  });

  const counted = new Map<string, number>();
  const messagesOf = async (way: Way) => {
    const known = counted.get(way.from);
    const messages =
      known ?? (await nights.sameAs(undisturbed, [], { wire: { ...way, process, cuts: [] } })).messages;
    counted.set(way.from, messages);
    // A start, a login, and some statements.
    expect(messages).toBeGreaterThan(10);
    return Array.from({ length: messages }, (_, number) => number);
  };

  test.each(ways)(
    'cut before any message of the $from, by a $fate',
    async (way) => {
      const messages = await messagesOf(way);
      const tried = chosen(messages, 1, ways.indexOf(way));
      const spent = timed(tried);
      for (const cut of spent) {
        const wire = { ...way, process, cuts: [cut] };
        const { found, cuts } = await nights.differences(undisturbed, [], { wire });
        expect(found, `cut before message ${cut}`).toEqual([]);
        expect(cuts).toBe(1);
      }
      console.log(
        `${process}: ${spent.of(messages.length, `messages of the ${way.from}`)}, ${way.fate}: 0 lost, 0 doubled, 0 stuck`,
      );
    },
    7_200_000,
  );

  test('cut twice: also what is said about the first cut is lost', async () => {
    const way = ways[0];
    const messages = await messagesOf(way);
    for (const cut of chosen(messages, 1, 7)) {
      // The next ones are those of the connection that records the failure.
      for (const later of ALL ? [1, 5, 12, 14, 16, 18] : [14]) {
        const wire = { ...way, process, cuts: [cut, cut + later] };
        const { found } = await nights.differences(undisturbed, [], { wire });
        expect(found, `cut before messages ${cut} and ${cut + later}`).toEqual([]);
      }
    }
  }, 7_200_000);
});
