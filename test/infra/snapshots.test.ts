import { describe, expect, it } from 'vitest';
import { type Assembly, assemblyFor } from './assembly.ts';
import { ENVIRONMENT_NAMES } from './environments.ts';

/** Hashes of code and of versions follow from edits elsewhere; what is deployed around them is what is reviewed here. */
function normalised(text: string): string {
  return text
    .replace(/[0-9a-f]{64}\.zip/g, '<asset>.zip')
    .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>');
}

/** `path value` for every leaf; one of CloudFormation's functions is a leaf. */
function leaves(path: string, value: unknown): [path: string, text: string][] {
  const isFunction = /^\{"(Ref|Fn::\w+)":/.test(JSON.stringify(value) ?? '');
  if (typeof value !== 'object' || value === null || isFunction) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(`${path}.${key}`, inner));
}

function leavesOf(assembly: Assembly): Map<string, string> {
  return new Map(
    assembly
      .all()
      .flatMap(({ stack, id, properties, deletionPolicy }) => [
        ...leaves(`${stack} ${id}`, properties),
        ...leaves(`${stack} ${id}.DeletionPolicy`, deletionPolicy ?? 'Delete'),
      ])
      .map(([path, text]) => [normalised(path), normalised(text)]),
  );
}

/** One line per difference: `-` what the default has, `+` what this environment has; absent resources by name alone. */
function differences(usual: Assembly, other: Assembly): string {
  const nameOf = ({ stack, id }: { stack: string; id: string }) => normalised(`${stack} ${id}`);
  const kept = new Set(other.all().map(nameOf));
  const gone = usual
    .all()
    .map(nameOf)
    .filter((name) => !kept.has(name));
  const left = leavesOf(usual);
  const right = leavesOf(other);
  const paths = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return [
    ...gone.map((name) => `- ${name}`),
    ...paths
      .filter(
        (path) => left.get(path) !== right.get(path) && !gone.some((name) => path.startsWith(`${name}.`)),
      )
      .flatMap((path) => [
        ...(left.has(path) ? [`- ${path} ${left.get(path)}`] : []),
        ...(right.has(path) ? [`+ ${path} ${right.get(path)}`] : []),
      ]),
    '',
  ].join('\n');
}

describe('templates', () => {
  const usual = assemblyFor('default');

  it.each([...usual.templates.keys()])('%s is as reviewed', async (stack) => {
    const text = normalised(JSON.stringify(usual.templates.get(stack), null, 1));
    await expect(text).toMatchFileSnapshot(`snapshots/${stack}.snap`);
  });

  it.each(ENVIRONMENT_NAMES.filter((name) => name !== 'default'))(
    '%s differs as reviewed',
    async (environment) => {
      const text = differences(usual, assemblyFor(environment));
      await expect(text).toMatchFileSnapshot(`snapshots/${environment.replaceAll(' ', '-')}.diff`);
    },
  );
});
