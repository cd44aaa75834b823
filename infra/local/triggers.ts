import { trigger } from './assembly/trigger.ts';
import type { Placed } from './assembly/types.ts';
import type { World } from './assembly/world.ts';
import { StackProblems } from './errors.ts';
import type { LocalFunction } from './lambda/function.ts';
import { functionName, versionOf } from './lambda/types.ts';

/** Runs the functions that a deployment would run, in the order in which it would; the first failure ends the start. */
export async function runTriggers(
  world: World,
  functions: ReadonlyMap<string, LocalFunction>,
  log: (line: string) => void,
): Promise<void> {
  for (const { id, properties } of inOrder(world)) {
    const target = functions.get(functionName(properties.HandlerArn));
    if (target === undefined) throw new Error(`${id}: there is no function ${properties.HandlerArn}`);
    if (properties.InvocationType === 'DryRun') continue;
    const begun = performance.now();
    // CDK's provider sends no event, which Lambda makes `{}`, and calls the version that the deployment published.
    const version = versionOf(properties.HandlerArn);
    const { error, log: written } = await target.invoke('{}', { by: `trigger ${id}`, version });
    if (error !== undefined) {
      throw new StackProblems(`${target.name}, which the deployment runs first, failed:`, [
        `${error.errorType}: ${error.errorMessage}`,
        ...written.trimEnd().split('\n').slice(-10),
      ]);
    }
    log(`${target.name} ran in ${Math.round(performance.now() - begun)} ms`);
  }
}

/** As written, but each after the triggers that it depends on. */
function inOrder(world: World): Placed<{ HandlerArn: string; InvocationType: string }>[] {
  const left = world.all(trigger);
  const dependsOn = new Map(world.resources.map(({ id, dependsOn: others }) => [id, others]));
  const ordered: typeof left = [];
  while (left.length > 0) {
    const ready = left.findIndex(
      ({ id }) => !left.some((other) => other.id !== id && dependsOn.get(id)?.includes(other.id)),
    );
    ordered.push(...left.splice(Math.max(ready, 0), 1));
  }
  return ordered;
}
