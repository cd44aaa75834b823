import { Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { AuditSeals } from '../constructs/audit-seals.ts';
import { BundledFunction, type Deployment, OCCASIONAL } from '../constructs/bundled-function.ts';
import { consume, LEAST_CONCURRENCY } from '../constructs/consume.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { Destinations } from '../constructs/destinations.ts';
import { schedulesEnvironment } from '../constructs/pipeline-schedule.ts';
import { ScheduledFunction } from '../constructs/scheduled-function.ts';
import { type PipelineStack, SWEEPER_TIMEOUT } from './pipeline-stack.ts';

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
    new AuditSeals(this, 'Audit', { deployment, client });
    const destinations = new Destinations(
      pipelines.flatMap(({ queues }) => queues.map(([job, { queue }]) => [job, queue] as const)),
    );
    const { prefix } = deployment.config;
    const everyMinute = `${prefix}-sweep`;
    const sweeper = new BundledFunction(this, 'Sweeper', {
      deployment,
      name: 'sweeper',
      entry: 'functions/core/sweeper-handler.ts',
      description:
        'Brings back what a dead worker, a lost message or a crash left behind; harmless at any time. Input: dryRun; {} only says what there is.',
      timeoutSeconds: SWEEPER_TIMEOUT.toSeconds(),
      memoryMb: 256,
      database: { client, role: 'jobs' },
      demand: { ...OCCASIONAL, concurrency: OCCASIONAL.concurrency + pipelines.length * LEAST_CONCURRENCY },
      environment: {
        ...destinations.environment(this),
        ...schedulesEnvironment(
          this,
          pipelines.map(({ schedule }) => schedule),
        ),
        SWEEP_SCHEDULE: everyMinute,
      },
    });
    destinations.grantSend(sweeper.function);
    for (const { schedule } of pipelines) {
      schedule.grantSwitch(sweeper);
      schedule.grantOnce(sweeper);
    }
    for (const { wake } of pipelines) consume(sweeper, wake.queue, LEAST_CONCURRENCY);
    const { role } = new ScheduledFunction(this, 'Sweeps', {
      deployment,
      schedules: {
        EveryMinute: {
          name: 'sweep',
          description: 'Sweeps while a run is under way; the sweeper switches it on and off',
          schedule: { expression: 'cron(* * * * ? *)', timeZone: 'UTC' },
          // Round the clock it would only keep an idle database from pausing.
          enabled: false,
        },
        EveryDay: {
          name: 'sweep-daily',
          description: 'Sweeps once a day, whatever became of the wake-ups',
          // When the last postponement of the night can no longer be delivered: what it missed is found the same morning.
          schedule: { expression: 'cron(30 6 * * ? *)', timeZone: 'America/Lima' },
        },
      },
      target: sweeper,
      deadLetterQueueName: 'sweeper-dlq',
    });
    // An update replaces the whole schedule, its role included: hence the right to pass it on.
    const name = this.formatArn({
      service: 'scheduler',
      resource: 'schedule/default',
      resourceName: everyMinute,
    });
    for (const statement of [
      { actions: ['scheduler:GetSchedule', 'scheduler:UpdateSchedule'], resources: [name] },
      {
        actions: ['iam:PassRole'],
        resources: [role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ])
      sweeper.function.addToRolePolicy(new PolicyStatement(statement));
  }
}
