import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InOrder } from '../../functions/core/in-order.ts';

const HELD = 50;
const AHEAD = 256 * 1024;

/** Two hands that bring the turns' items, sizes as they are, each pausing whenever `pauses` says so. */
async function bring(turns: readonly (readonly number[])[], pauses: readonly boolean[], held = HELD) {
  const order = new InOrder<{ turn: number; n: number; size: number }>(
    turns.length,
    ({ size }) => size,
    held,
  );
  let asked = 0;
  let [brought, read, most] = [0, 0, 0];
  const maybePause = async () => {
    asked += 1;
    if (pauses[asked % Math.max(1, pauses.length)] === true) await new Promise(setImmediate);
  };
  const hand = async () => {
    for (let turn = order.take(); turn !== undefined; turn = order.take()) {
      for (const [n, size] of (turns[turn] ?? []).entries()) {
        await maybePause();
        brought += size;
        most = Math.max(most, brought - read);
        if (!(await order.give(turn, { turn, n, size }))) return;
      }
      order.end(turn);
    }
  };
  const hands = Promise.all([hand(), hand()]);
  const got: { turn: number; n: number }[] = [];
  for await (const { turn, n, size } of order.items()) {
    got.push({ turn, n });
    read += size;
    await maybePause();
  }
  await hands;
  return { got, most };
}

describe('turns', () => {
  const sizes = fc.array(fc.array(fc.nat(40), { maxLength: 12 }), { maxLength: 12 });

  test('are handed on in their order, whole, however two hands bring them', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.boolean()), async (turns, pauses) => {
        const { got } = await bring(turns, pauses);
        expect(got).toEqual(turns.flatMap((items, turn) => items.map((_size, n) => ({ turn, n }))));
      }),
      { numRuns: 200 },
    );
  });

  test('hold no more than they may, whatever is behind', async () => {
    const large = Array.from({ length: 6 }, () => Array.from({ length: 100 }, () => 100_000));
    for (const pauses of [[], [true], [true, false, false], [false, true]]) {
      const { most } = await bring(large, pauses, 1_000_000);
      // What waits for its turn, what is ahead of the reader, and one item of either hand that is just being given.
      expect(most).toBeLessThanOrEqual(1_000_000 + AHEAD + 3 * 100_000);
    }
  });
});

test('a failure reaches the reader, and nobody is asked for more', async () => {
  const order = new InOrder<string>(3, () => 1);
  const first = order.take() ?? -1;
  const second = order.take() ?? -1;
  await order.give(second, 'b');
  const items = order.items();
  await order.give(first, 'a');
  expect(await items.next()).toEqual({ value: 'a', done: false });
  const waiting = items.next();
  order.fail(new Error('lost'));
  order.fail(new Error('and then this'));
  await expect(waiting).rejects.toThrow('lost');
  expect(await order.give(first, 'c')).toBe(false);
  expect(order.take()).toBeUndefined();
});

test('who waits to give hears that no more is wanted', async () => {
  const order = new InOrder<number>(2, (size) => size, 10);
  order.take();
  const ahead = order.take() ?? -1;
  const waiting = order.give(ahead, 11);
  order.stop();
  expect(await waiting).toBe(false);
});
