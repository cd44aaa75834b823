import type * as z from 'zod';
import { InputError, type Problem } from './errors.ts';

/** Parses a border value; every problem is listed with its path, the offending value and the rule. */
export function parse<S extends z.ZodType>(schema: S, value: unknown, where = ''): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(result.error.issues.flatMap((issue) => problemsOf(issue, value, where)));
}

function problemsOf(
  issue: z.core.$ZodIssue,
  root: unknown,
  where: string,
  above: readonly string[] = [],
): Problem[] {
  const path = [...above, ...issue.path.map(String)];
  // A key may be the empty text; the place may not.
  const at = (keys: readonly string[]) => [...(where === '' ? [] : [where]), ...keys].join('.') || 'input';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: at([...path, key]),
      value: valueAt(root, [...path, key]),
      rule: 'is not a known key',
    }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.map((issues) =>
      issues.flatMap((inner) => problemsOf(inner, root, where, path)),
    );
    const meant = nearest(branches);
    if (meant?.every(({ field }) => field !== at(path))) return [...meant];
  }
  return [{ field: at(path), value: valueAt(root, path), rule: issue.message }];
}

/** The branch of a union that the value was meant for: the one with the fewest problems, when there is one such. */
function nearest(branches: readonly (readonly Problem[])[]): readonly Problem[] | undefined {
  const fewest = Math.min(...branches.map(({ length }) => length));
  const [first, ...others] = branches.filter(({ length }) => length === fewest);
  return others.length === 0 ? first : undefined;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );
}
