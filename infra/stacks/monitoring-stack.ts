import { Stack, type StackProps } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct, IConstruct } from 'constructs';
import { type AlarmSpec, Alarms } from '../constructs/alarms.ts';
import { BundledFunction, type Deployment } from '../constructs/bundled-function.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Everything below it is watched: what is added there later is not forgotten here. */
  readonly watched: IConstruct;
}

/** Alarms on what must not pass in silence. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, watched, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    const { prefix, alarmEmail } = deployment.config;
    const without = (name: string) => name.slice(prefix.length + 1);
    const constructs = watched.node.findAll();
    const functions = constructs.filter((each) => each instanceof BundledFunction);
    const queues = constructs.filter((each) => each instanceof DeadLetterQueue);
    new Alarms(this, 'Alarms', {
      prefix,
      actions: alarmEmail === undefined ? [] : [new SnsAction(this.topic(prefix, alarmEmail))],
      alarms: [
        ...functions.map(({ functionName }) => errorsOf(without(functionName), functionName)),
        ...functions
          .filter(({ functionName }) => functionName.endsWith('-dead-letters'))
          .map(({ functionName }) => buriedBy(without(functionName), functionName)),
        ...queues.map(({ physicalQueueName: queue }) => waitingIn(without(queue), queue)),
      ],
    });
  }

  private topic(prefix: string, email: string): Topic {
    const topic = new Topic(this, 'Topic', { topicName: `${prefix}-alarms`, enforceSSL: true });
    topic.addSubscription(new EmailSubscription(email));
    return topic;
  }
}

function errorsOf(name: string, functionName: string): AlarmSpec {
  return {
    name: `${name}-errors`,
    description: `${functionName} threw or was cut off. What it is told as a failure of its job it records and does not throw: look in /aws/lambda/${functionName} for "invocation failed".`,
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { FunctionName: functionName },
    statistic: 'Sum',
  };
}

/** The consumer empties the queues within seconds, so that their depth alone would hardly ever show. */
function buriedBy(name: string, functionName: string): AlarmSpec {
  return {
    name: `${name}-received`,
    description: `${functionName} was given a dead letter: a message failed five times, or a schedule could not start its run. It is in ops.dead_letters with its reason, and the run it belonged to has ended.`,
    namespace: 'AWS/Lambda',
    metric: 'Invocations',
    dimensions: { FunctionName: functionName },
    statistic: 'Sum',
  };
}

function waitingIn(name: string, queueName: string): AlarmSpec {
  return {
    name: `${name}-waiting`,
    description: `Messages wait in ${queueName}: nothing consumed them. They are kept for 14 days from when they were first sent.`,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: queueName },
    statistic: 'Maximum',
  };
}
