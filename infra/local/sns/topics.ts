import { inertReason } from '../assembly/inert.ts';
import { type Placed, REGION } from '../assembly/types.ts';
import type { World } from '../assembly/world.ts';
import type { SnsStore, Spy } from '../sqs/parts.ts';
import type { Trail } from '../trail.ts';
import { type SubscriptionProperties, subscription, topic, topicNameOf } from './types.ts';

/** The topics and subscriptions of the template, in the queue server's own SNS: it delivers to its queues. */
export function makeTopics(world: World, store: SnsStore): void {
  // Nothing of them is kept between starts: they are the template's.
  for (const { identity } of world.all(topic)) {
    store.deleteTopic(identity.ref);
    store.createTopic(topicNameOf(identity.ref), {}, undefined, REGION);
  }
  for (const { id, properties } of subscriptionsOf(world)) subscribe(store, id, properties);
}

/** Those of queues: who is told by mail is not told here. */
export function subscriptionsOf(world: World): Placed<SubscriptionProperties>[] {
  const nobody = new Set(
    world.resources
      .filter((each) => inertReason(each.type, (name) => world.property(each, name)) !== undefined)
      .map(({ id }) => id),
  );
  return world.all(subscription, (id) => nobody.has(id));
}

function subscribe(store: SnsStore, id: string, properties: SubscriptionProperties): void {
  const { TopicArn, Protocol, Endpoint, FilterPolicy, FilterPolicyScope, RawMessageDelivery } = properties;
  const made = store.subscribe(TopicArn, Protocol, Endpoint, {
    RawMessageDelivery: String(RawMessageDelivery),
    FilterPolicyScope,
    ...(FilterPolicy === undefined ? {} : { FilterPolicy: JSON.stringify(FilterPolicy) }),
  });
  if (made === undefined) throw new Error(`${id}: there is no topic ${TopicArn}`);
}

/** Tells the trail of every message that a topic takes. */
export function trailOfTopics(spy: Spy, trail: Trail): Spy {
  spy.addMessage = (message) => {
    if (message.service !== 'sns') return;
    const { topicName, messageId, body, messageAttributes } = message;
    const attributes = Object.fromEntries(
      Object.entries(messageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    );
    trail.record({ kind: 'topic.published', topic: topicName, messageId, body, attributes });
  };
  return spy;
}
