import * as z from 'zod';
import { messageOf, StackProblems } from '../errors.ts';
import { lambdaFunction } from '../lambda/types.ts';
import { playedTypes } from './catalogue.ts';
import { inertReason, providerReason } from './inert.ts';
import { propertyProblems } from './properties.ts';
import type { Resource, World } from './world.ts';

export interface Inventory {
  readonly played: readonly Resource[];
  /** With the reason for each. */
  readonly inert: readonly { readonly resource: Resource; readonly reason: string }[];
  /** Properties of played resources that change nothing here. */
  readonly inertProperties: readonly {
    readonly resource: Resource;
    readonly property: string;
    readonly reason: string;
  }[];
}

/**
 * Sorts every resource into the runtime's lists. Whatever is in none of them, and every property of a played type
 * that the runtime does not understand, is refused by name, all at once; nothing has been started by then.
 */
export function takeInventory(world: World): Inventory {
  const providers = providerFunctions(world);
  const played: Resource[] = [];
  const inert: { resource: Resource; reason: string }[] = [];
  const problems: string[] = [];
  for (const resource of world.resources) {
    const reason = providers.has(resource.id) ? providerReason : reasonOf(world, resource);
    if (reason !== undefined) {
      inert.push({ resource, reason });
      continue;
    }
    played.push(resource);
    problems.push(
      ...problemsOf(world, resource).map((problem) => `${resource.id} (${resource.type}): ${problem}`),
    );
  }
  if (problems.length > 0) {
    throw new StackProblems('this template cannot be run here as it is:', problems);
  }
  return { played, inert, inertProperties: played.flatMap(inertPropertiesOf) };
}

function reasonOf(world: World, resource: Resource): string | undefined {
  try {
    return inertReason(resource.type, (name) => world.property(resource, name));
  } catch {
    // A property that cannot be worked out is reported where the resource is checked.
    return undefined;
  }
}

const inertMark = z.object({ inert: z.string() });

function inertPropertiesOf(resource: Resource): Inventory['inertProperties'] {
  const schema = playedTypes.get(resource.type)?.properties;
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.keys(resource.raw).flatMap((property) => {
    const mark = inertMark.safeParse(schema.shape[property]?.meta());
    return mark.success ? [{ resource, property, reason: mark.data.inert }] : [];
  });
}

function problemsOf(world: World, resource: Resource): string[] {
  const type = playedTypes.get(resource.type);
  if (type === undefined) return ['the type is not played here'];
  try {
    world.identity(resource);
    const parsed = type.properties.safeParse(world.properties(resource));
    return parsed.success ? [] : propertyProblems(parsed.error);
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Functions that only stand behind custom resources: their ARN is some custom resource's service token. */
export function providerFunctions(world: World): ReadonlySet<string> {
  const tokens = new Set<unknown>();
  for (const resource of world.resources) {
    if (!resource.type.startsWith('Custom::')) continue;
    try {
      tokens.add(world.property(resource, 'ServiceToken'));
    } catch {
      // The custom resource itself is reported with the reason.
    }
  }
  return new Set(
    world.resources
      .filter(({ type }) => type === lambdaFunction.type)
      .filter((resource) => tokens.has(world.identity(resource).attributes?.['Arn']))
      .map(({ id }) => id),
  );
}
