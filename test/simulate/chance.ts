import { Dice } from '../support/dice.ts';

/**
 * What `Math.random` is on a clock of its own: a number of the instant and not the next of a row. Others draw as well, the
 * driver for each of its connections, as often and in whatever order the machine makes of it.
 */
export function chanceOf(seed: number, clock: { readonly now: number }): () => number {
  return () => new Dice(Math.imul(seed, 0x9e3779b1) + clock.now).roll();
}
