import * as z from 'zod';
import type { World } from '../assembly/world.ts';
import { lambdaFunction } from '../lambda/types.ts';
import { subscriptionsOf } from '../sns/topics.ts';
import { topic } from '../sns/types.ts';
import { queue } from '../sqs/types.ts';
import type { Need } from './check.ts';

/** A function that is told a topic's ARN is there to publish to it. */
export function publishers(world: World, isProvider: (id: string) => boolean): Need[] {
  const topics = world.all(topic).map(({ identity }) => identity.ref);
  return world.all(lambdaFunction, isProvider).flatMap(({ id, properties }) => {
    const values = Object.values(properties.Environment?.Variables ?? {});
    return topics
      .filter((arn) => values.includes(arn))
      .map((arn) => ({ who: id, roleArn: properties.Role, action: 'sns:Publish', resource: arn }));
  });
}

const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const queuePolicy = z.object({
  Queues: z.array(z.string()),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.string(),
        Action: strings,
        Principal: z.union([z.string(), z.object({ Service: strings.optional() })]).optional(),
        Condition: z.unknown(),
      }),
    ),
  }),
});

/** Queues that are subscribed to a topic whose service they do not let in: AWS would drop every message in silence. */
export function closedQueues(world: World): string[] {
  const policies = world.resources
    .filter(({ type }) => type === 'AWS::SQS::QueuePolicy')
    .map((resource) => queuePolicy.parse(world.properties(resource)));
  const queues = world.all(queue);
  return subscriptionsOf(world)
    .filter(({ properties: { Endpoint, TopicArn } }) => {
      const url =
        queues.find(({ identity }) => identity.attributes?.['Arn'] === Endpoint)?.identity.ref ?? '';
      return !policies
        .filter(({ Queues }) => Queues.includes(url))
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .some(
          ({ Effect, Action, Principal, Condition }) =>
            Effect === 'Allow' &&
            Action.includes('sqs:SendMessage') &&
            typeof Principal === 'object' &&
            Principal.Service?.includes('sns.amazonaws.com') === true &&
            JSON.stringify(Condition ?? TopicArn).includes(TopicArn),
        );
    })
    .map(
      ({ id, properties: { Endpoint, TopicArn } }) =>
        `${id}: no policy of the queue ${Endpoint} lets sns.amazonaws.com send to it for ${TopicArn}`,
    );
}
