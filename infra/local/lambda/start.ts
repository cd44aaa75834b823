import type { Endpoints } from '../assembly/types.ts';
import type { World } from '../assembly/world.ts';
import type { Clock } from '../clock.ts';
import type { Trail } from '../trail.ts';
import { codeFolder, writeBootstrap } from './code.ts';
import { LocalFunction } from './function.ts';
import { Reaper } from './reaper.ts';
import { lambdaFunction } from './types.ts';
import { environmentVariables, withDatabasePort } from './variables.ts';

export interface FunctionsOptions {
  readonly isProvider: (id: string) => boolean;
  readonly endpoints: Endpoints;
  readonly cluster: Parameters<typeof withDatabasePort>[1];
  readonly scratch: string;
  readonly clock: Clock;
  readonly trail: Trail;
  /** Replaces references to secrets. */
  readonly resolve: (text: string) => string;
  readonly onLog: (functionName: string, line: string) => void;
}

export interface Functions {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly stop: () => Promise<void>;
}

/** New AWS accounts run ten executions at once. */
const CONCURRENCY = 10;

/** Every function of the template, none of them with a process yet. */
export async function makeFunctions(world: World, options: FunctionsOptions): Promise<Functions> {
  const { scratch, endpoints, clock, trail, onLog } = options;
  const bootstrap = await writeBootstrap(scratch);
  const reaper = new Reaper(scratch);
  const functions = world.all(lambdaFunction, options.isProvider).map(({ stack, identity, properties }) => {
    const name = identity.ref;
    const arn = identity.attributes?.['Arn'] ?? '';
    const taskRoot = codeFolder(name, properties.Code, world.assets(stack), scratch);
    const given = Object.fromEntries(
      Object.entries(properties.Environment?.Variables ?? {}).map(([key, value]) => [
        key,
        options.resolve(value),
      ]),
    );
    const variables = environmentVariables({
      functionName: name,
      handler: properties.Handler,
      runtime: properties.Runtime,
      memoryMb: properties.MemorySize,
      taskRoot,
      endpoints,
      given: withDatabasePort(given, options.cluster),
    });
    return new LocalFunction({
      spec: {
        functionName: name,
        functionArn: arn,
        taskRoot,
        variables,
        memoryMb: properties.MemorySize,
        timeoutSeconds: properties.Timeout,
        bootstrap,
      },
      arn,
      roleArn: properties.Role,
      concurrency: properties.ReservedConcurrentExecutions ?? CONCURRENCY,
      clock,
      trail,
      reaper,
      onLog: (line) => onLog(name, line),
    });
  });
  return {
    functions: new Map(functions.map((one) => [one.name, one])),
    stop: async () => {
      await Promise.all(functions.map((one) => one.stop()));
      reaper.stop();
    },
  };
}
