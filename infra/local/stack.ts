import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsEndpoint } from './aws-endpoint.ts';
import { Cleanup } from './cleanup.ts';
import { systemClock } from './clock.ts';
import { makeHttpApi } from './http/start.ts';
import { gateOf } from './iam/gate.ts';
import { Permissions } from './iam/policies.ts';
import { InvokeApi } from './lambda/api.ts';
import { makeAsynchronous } from './lambda/asynchronous.ts';
import { makeFunctions } from './lambda/start.ts';
import type { Stack, StackOptions } from './options.ts';
import { type Plan, planStack } from './plan.ts';
import { RunningStack } from './running-stack.ts';
import { bucket } from './s3/types.ts';
import { SchedulerApi } from './scheduler/api.ts';
import { Schedules } from './scheduler/schedules.ts';
import { makeSecrets } from './secrets/secrets.ts';
import { startServers } from './servers.ts';
import { makeTopics } from './sns/topics.ts';
import { makeMappings } from './sqs/start.ts';
import { queue } from './sqs/types.ts';
import { Trail } from './trail.ts';
import { runTriggers } from './triggers.ts';

export type { InvokeResult, Ports, Stack, StackOptions, StackUrls } from './options.ts';

/** Runs the synthesized app on this machine. What cannot be played is refused by name, before anything starts. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const plan = planStack({
    assembly: options.assembly,
    parameters: options.parameters ?? {},
    authenticate: options.auth ?? false,
  });
  const { played, inert, inertProperties } = plan.inventory;
  options.log?.(
    `resources: ${played.length} played (${inertProperties.length} of their properties inert), ${inert.length} inert here, 0 refused`,
  );
  const cleanup = new Cleanup();
  try {
    return await start(plan, options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

/** In the order of a deployment: addresses, queues, functions, triggers, and only then what calls the functions. */
async function start(plan: Plan, options: StackOptions, cleanup: Cleanup): Promise<Stack> {
  const { log = () => {}, clock = systemClock } = options;
  const trail = new Trail(clock);
  const scratch = mkdtempSync(join(tmpdir(), 'cuadre-stack-'));
  cleanup.add(() => rm(scratch, { recursive: true, force: true }));

  const servers = await startServers(plan.unplaced, options, trail, cleanup);
  const { database, queues } = servers;
  const endpoints = {
    sqs: queues.url,
    aws: servers.aws.url,
    api: servers.api?.url ?? '',
    database: { host: database?.host ?? '', port: database?.port ?? 0 },
  };
  const world = plan.place(endpoints);
  for (const { identity, properties } of world.all(queue)) {
    queues.create(identity.attributes?.['QueueName'] ?? '', properties);
  }
  for (const { identity, properties } of world.all(bucket)) queues.objects.create(identity.ref, properties);
  makeTopics(world, queues.topics);
  const secrets = makeSecrets(world);
  const databaseUrl = await database?.prepare(secrets);

  const { functions, stop: stopFunctions } = await makeFunctions(world, {
    isProvider: plan.isProvider,
    endpoints,
    cluster: database,
    scratch,
    clock,
    trail,
    resolve: (text) => secrets.resolve(text),
    onLog: options.onFunctionLog ?? ((name, line) => log(`${name}: ${line}`)),
  });
  cleanup.add(stopFunctions);
  const asynchronous = makeAsynchronous(world, clock, trail, (arn, body) => queues.send(arn, body));
  const parts = { functions, asynchronous, queues, clock, trail };
  const api = makeHttpApi(world, { functions, authenticate: options.auth ?? false, clock, trail });
  const gate = gateOf(new Permissions(world), functions);
  const lambda = new InvokeApi(functions, asynchronous, gate);
  queues.guardWith(gate);
  const scheduled = new Schedules(world, parts);
  const scheduler = new SchedulerApi(scheduled, gate);
  const aws = awsEndpoint({ lambda, scheduler, secrets, gate });
  servers.answerWith({ aws, api: undefined });

  if (databaseUrl !== undefined) await options.beforeTriggers?.(databaseUrl);
  await runTriggers(world, functions, log);
  // Not before: its functions would ask a database that the migrations have only begun.
  servers.answerWith({ aws, api });

  const stack = new RunningStack({
    ...parts,
    inventory: plan.inventory,
    servers,
    databaseUrl,
    mappings: makeMappings(world, queues, functions, clock, trail),
    scheduled,
    stopFunctions,
    cleanup,
  });
  if (options.paused !== true) stack.resume();
  return stack;
}
