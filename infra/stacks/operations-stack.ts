import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BundledFunction, type Deployment, OCCASIONAL } from '../constructs/bundled-function.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { Destinations } from '../constructs/destinations.ts';
import { ScheduledFunction } from '../constructs/scheduled-function.ts';
import type { PipelineStack } from './pipeline-stack.ts';

export interface OperationsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly database: Database;
  readonly pipelines: readonly PipelineStack[];
}

/** What keeps the pipelines going from outside them. */
export class OperationsStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { deployment, database, pipelines, ...props }: OperationsStackProps,
  ) {
    super(scope, id, props);
    const client = new DatabaseClient(this, 'Client', database);
    const destinations = new Destinations(
      pipelines.flatMap(({ queues }) => queues.map(([job, { queue }]) => [job, queue] as const)),
    );
    const relay = new BundledFunction(this, 'Relay', {
      deployment,
      name: 'relay',
      entry: 'functions/core/relay-handler.ts',
      description: 'Sends the messages that a crash left in the outbox; harmless at any time. Input: none.',
      timeoutSeconds: 60,
      memoryMb: 256,
      database: { client, role: 'jobs' },
      demand: OCCASIONAL,
      environment: destinations.environment(this),
    });
    destinations.grantSend(relay.function);
    new ScheduledFunction(this, 'RelaySchedule', {
      deployment,
      name: 'relay',
      description: 'The net under the outbox, while the nightly runs are on',
      // Every other sender first sends what its run left behind. Round the clock this would only keep an idle
      // database from pausing.
      schedule: { expression: 'cron(0/5 2-4 * * ? *)', timeZone: 'America/Lima' },
      target: relay,
      deadLetterQueueName: 'relay-dlq',
    });
  }
}
