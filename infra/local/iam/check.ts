import { ACCOUNT, REGION } from '../assembly/types.ts';
import type { World } from '../assembly/world.ts';
import { httpIntegration } from '../http/types.ts';
import {
  eventInvokeConfig,
  eventSourceMapping,
  functionName,
  functionPermission,
  lambdaFunction,
} from '../lambda/types.ts';
import { CLUSTER_RESOURCE_ID, databaseCluster } from '../rds/types.ts';
import { schedule } from '../scheduler/types.ts';
import { queue } from '../sqs/types.ts';
import { Permissions } from './policies.ts';
import { closedQueues, publishers } from './topics.ts';

export interface Need {
  readonly who: string;
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
}

/**
 * What the roles of the template lack to do what the template has them do. AWS would say so only when the first
 * message is lost.
 */
export function missingPermissions(world: World, isProvider: (id: string) => boolean): string[] {
  const permissions = new Permissions(world);
  const missing = needs(world, isProvider)
    .filter(({ roleArn }) => permissions.knows(roleArn))
    .filter(({ roleArn, action, resource }) => !permissions.allows(roleArn, action, resource))
    .map(({ who, roleArn, action, resource }) => {
      return `${who}: its role ${roleArn.slice(roleArn.lastIndexOf('/') + 1)} lacks ${action} on ${resource}`;
    });
  return [
    ...missing,
    ...strangers(world, permissions, isProvider),
    ...closedRoutes(world),
    ...closedQueues(world),
  ];
}

function needs(world: World, isProvider: (id: string) => boolean): Need[] {
  const functions = world.all(lambdaFunction, isProvider);
  const queues = world.all(queue);
  const roleOf = (reference: string) =>
    functions.find(({ identity }) => identity.ref === functionName(reference))?.properties.Role ?? '';
  const senders = functions.flatMap(({ id, properties }) => {
    const values = Object.values(properties.Environment?.Variables ?? {});
    return queues
      .filter(({ identity }) => values.some((value) => namesQueue(value, identity.ref)))
      .map(({ identity }) => ({
        who: id,
        roleArn: properties.Role,
        action: 'sqs:SendMessage',
        resource: identity.attributes?.['Arn'] ?? '',
      }));
  });
  const receivers = world.all(eventSourceMapping).flatMap(({ id, properties }) =>
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map((action) => ({
      who: id,
      roleArn: roleOf(properties.FunctionName),
      action,
      resource: properties.EventSourceArn,
    })),
  );
  const destinations = world.all(eventInvokeConfig).flatMap(({ id, properties }) => {
    const { OnFailure } = properties.DestinationConfig;
    if (OnFailure === undefined) return [];
    return [
      {
        who: id,
        roleArn: roleOf(properties.FunctionName),
        action: 'sqs:SendMessage',
        resource: OnFailure.Destination,
      },
    ];
  });
  const schedules = world.all(schedule).flatMap(({ id, properties: { Target } }) => [
    { who: id, roleArn: Target.RoleArn, action: 'lambda:InvokeFunction', resource: Target.Arn },
    ...(Target.DeadLetterConfig === undefined
      ? []
      : [
          {
            who: id,
            roleArn: Target.RoleArn,
            action: 'sqs:SendMessage',
            resource: Target.DeadLetterConfig.Arn,
          },
        ]),
  ]);
  return [...senders, ...publishers(world, isProvider), ...receivers, ...destinations, ...schedules];
}

/** Functions that reach the cluster but may neither log in by IAM nor read a secret, of all that their environment names. */
function strangers(world: World, permissions: Permissions, isProvider: (id: string) => boolean): string[] {
  const [cluster] = world.all(databaseCluster);
  const host = cluster?.identity.attributes?.['Endpoint.Address'];
  return world.all(lambdaFunction, isProvider).flatMap(({ id, properties }) => {
    const values = Object.values(properties.Environment?.Variables ?? {});
    if (host === undefined || !values.includes(host) || !permissions.knows(properties.Role)) return [];
    const mayLogIn = values.some((value) => {
      const user = `arn:aws:rds-db:${REGION}:${ACCOUNT}:dbuser:${CLUSTER_RESOURCE_ID}/${value}`;
      return (
        permissions.allows(properties.Role, 'rds-db:connect', user) ||
        (value.startsWith('arn:aws:secretsmanager:') &&
          permissions.allows(properties.Role, 'secretsmanager:GetSecretValue', value))
      );
    });
    return mayLogIn
      ? []
      : [`${id}: it names the database, and its role allows neither rds-db:connect nor reading its secret`];
  });
}

/** Routes whose function does not let the API call it. */
function closedRoutes(world: World): string[] {
  const open = new Set(
    world
      .all(functionPermission)
      .filter(({ properties }) => properties.Principal === 'apigateway.amazonaws.com')
      .map(({ properties }) => functionName(properties.FunctionName)),
  );
  return world
    .all(httpIntegration)
    .filter(({ properties }) => !open.has(functionName(properties.IntegrationUri)))
    .map(
      ({ id, properties }) =>
        `${id}: ${functionName(properties.IntegrationUri)} has no permission for API Gateway to call it`,
    );
}

/** A queue's URL as a whole word: `.../jobs` is not named by `.../jobs-dlq`. */
function namesQueue(value: string, url: string): boolean {
  return value
    .split(url)
    .slice(1)
    .some((rest) => !/^[\w-]/.test(rest));
}
