import { expect } from 'vitest';
import * as z from 'zod';

type Json = z.output<ReturnType<typeof z.json>>;

/**
 * Figures written down by hand, of which each has to be asserted: a leaf counts as asserted when a value was compared
 * with it, and not when somebody merely read it.
 */
export class Figures {
  readonly #root: Json;
  readonly #asserted = new Set<string>();

  constructor(text: string) {
    this.#root = z.json().parse(JSON.parse(text));
  }

  /** The figures at a path such as `gap_before.by_week`; to build a question with, not to compare. */
  at(path: string): Json {
    const value = path.split('.').reduce<Json | undefined>(step, this.#root);
    if (value === undefined) throw new Error(`there is no figure ${path}`);
    return value;
  }

  /** What is at the path must be this, to the last leaf. */
  hold(path: string, actual: unknown): void {
    const value = this.at(path);
    expect(actual, path).toEqual(value);
    for (const leaf of leavesOf(value, path)) this.#asserted.add(leaf);
  }

  /** Paths of the leaves that nothing was compared with yet. */
  unasserted(): string[] {
    return leavesOf(this.#root, '').filter((leaf) => !this.#asserted.has(leaf));
  }
}

function step(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return value[Number(name)];
  return typeof value === 'object' && value !== null ? value[name] : undefined;
}

function leavesOf(value: Json, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, path === '' ? name : `${path}.${name}`),
  );
}
