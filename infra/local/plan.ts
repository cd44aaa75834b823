import { parseExpression } from '../../functions/core/schedules/expression.ts';
import { playedTypes } from './assembly/catalogue.ts';
import { type Inventory, providerFunctions, takeInventory } from './assembly/check.ts';
import { readAssembly } from './assembly/read.ts';
import type { Endpoints } from './assembly/types.ts';
import { World } from './assembly/world.ts';
import { messageOf, StackProblems } from './errors.ts';
import { httpApi, httpRoute } from './http/types.ts';
import { missingPermissions } from './iam/check.ts';
import { limits } from './lambda/failures.ts';
import { lambdaFunction } from './lambda/types.ts';
import { databaseCluster } from './rds/types.ts';
import { schedule } from './scheduler/types.ts';

export interface Plan {
  readonly inventory: Inventory;
  readonly isProvider: (id: string) => boolean;
  /** The app before its servers have addresses. */
  readonly unplaced: World;
  /** The app with the addresses that its servers got. */
  readonly place: (endpoints: Endpoints) => World;
}

export interface PlanOptions {
  readonly assembly: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Enforce the authorization of the HTTP API's routes. */
  readonly authenticate?: boolean;
}

/** Addresses before there are any: nothing is checked against them. */
const NOWHERE: Endpoints = {
  sqs: 'http://127.0.0.1:1',
  aws: 'http://127.0.0.1:2',
  api: 'http://127.0.0.1:3',
  database: { host: '127.0.0.1', port: 4 },
};

/** Reads the synthesized app and finds everything that is wrong with running it here. Starts nothing. */
export function planStack({ assembly, parameters = {}, authenticate = false }: PlanOptions): Plan {
  const stacks = readAssembly(assembly);
  const world = new World(stacks, playedTypes, NOWHERE, parameters);
  const inventory = takeInventory(world);
  const providers = providerFunctions(world);
  const isProvider = (id: string) => providers.has(id);
  const problems = [
    ...atMostOne(world),
    ...environments(world, isProvider),
    ...expressions(world),
    ...missingPermissions(world, isProvider),
    ...(authenticate ? unplayableAuthorization(world) : []),
  ];
  if (problems.length > 0) throw new StackProblems('this template would not work:', problems);
  return {
    inventory,
    isProvider,
    unplaced: world,
    place: (endpoints) => new World(stacks, playedTypes, endpoints, parameters),
  };
}

function atMostOne(world: World): string[] {
  return [databaseCluster, httpApi].flatMap((type) => {
    const found = world.resources.filter((resource) => resource.type === type.type);
    return found
      .slice(1)
      .map(({ id }) => `${id}: only one ${type.type} is played, and ${found[0]?.id} is one`);
  });
}

function environments(world: World, isProvider: (id: string) => boolean): string[] {
  return world.all(lambdaFunction, isProvider).flatMap(({ id, properties }) => {
    const bytes = Buffer.byteLength(
      Object.entries(properties.Environment?.Variables ?? {})
        .flat()
        .join(''),
    );
    return bytes > limits.environment
      ? [`${id}: its environment has ${bytes} bytes, and Lambda takes ${limits.environment}`]
      : [];
  });
}

function expressions(world: World): string[] {
  return world.all(schedule).flatMap(({ id, properties }) => {
    try {
      parseExpression(properties.ScheduleExpression, {
        timeZone: properties.ScheduleExpressionTimezone,
        origin: 0,
      });
      return [];
    } catch (error) {
      return [`${id}: ${messageOf(error)}`];
    }
  });
}

function unplayableAuthorization(world: World): string[] {
  return world
    .all(httpRoute)
    .filter(({ properties }) => properties.AuthorizationType === 'JWT')
    .map(({ id }) => `${id}: a JWT authorizer is not played here; start without authentication`);
}
