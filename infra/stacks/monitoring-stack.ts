import { Stack, type StackProps } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct, IConstruct } from 'constructs';
import { ARRIVED } from '../../functions/cabinet/alert-message.ts';
import { FORGED, SEALED } from '../../functions/core/audit-lines.ts';
import { BEGINS_DEGRADED, TIMES_MISSED } from '../../functions/core/schedules/messages.ts';
import { type AlarmSpec, Alarms } from '../constructs/alarms.ts';
import { AUDIT_SEAL } from '../constructs/audit-seals.ts';
import { BundledFunction, type Deployment } from '../constructs/bundled-function.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { LogAlarm } from '../constructs/log-alarm.ts';
import { NotificationTopic } from '../constructs/notification-topic.ts';
import { SilenceAlarm } from '../constructs/silence-alarm.ts';
import type { AlertsStack } from './alerts-stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Everything below it is watched: what is added there later is not forgotten here. */
  readonly watched: IConstruct;
  readonly alerts: AlertsStack;
}

/** A day and two hours: what is scheduled may begin an hour late, and takes less than another. */
const PROBE_HOURS = 26;

/** Alarms on what must not pass in silence. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, watched, alerts, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    const { prefix, alarmEmail } = deployment.config;
    const without = (name: string) => name.slice(prefix.length + 1);
    const constructs = watched.node.findAll();
    const functions = constructs.filter((each) => each instanceof BundledFunction);
    const queues = constructs.filter((each) => each instanceof DeadLetterQueue);
    // Also with nobody subscribed: that can be made up for at any time, an alarm without an action cannot.
    const topic = new NotificationTopic(this, 'Topic', { name: `${prefix}-alarms`, key: alerts.key });
    topic.allowAlarms();
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    const actions = [new SnsAction(topic)];
    new Alarms(this, 'Alarms', {
      prefix,
      actions,
      alarms: [
        ...functions.map(({ functionName }) => errorsOf(without(functionName), functionName)),
        ...functions
          .filter(({ functionName }) => functionName.endsWith('-dead-letters'))
          .map(({ functionName }) => buriedBy(without(functionName), functionName)),
        ...queues.map(({ physicalQueueName: queue }) => waitingIn(without(queue), queue)),
      ],
    });
    const { functionName } = alerts.probes;
    new SilenceAlarm(this, 'ProbesSilent', {
      prefix,
      name: 'alert-probes-silent',
      description: `No probe of the alert path has arrived for ${PROBE_HOURS} hours: no night ran, or what it has to tell reaches nobody.`,
      logGroupName: `/aws/lambda/${functionName}`,
      message: ARRIVED,
      hours: PROBE_HOURS,
      actions,
    });
    for (const { functionName: planner } of functions.filter((each) =>
      each.functionName.endsWith('-planner'),
    )) {
      new LogAlarm(this, `${without(planner)}-degraded`, {
        prefix,
        name: `${without(planner)}-degraded`,
        description: `A scheduled run began although its source was not loaded, after it had been put off as often as its pipeline says. The run's trigger says what was missing.`,
        logGroupName: `/aws/lambda/${planner}`,
        message: BEGINS_DEGRADED,
        actions,
      });
    }
    new LogAlarm(this, 'ScheduleMissed', {
      prefix,
      name: 'schedule-missed',
      description:
        'A schedule was due and nothing came of it. What the policy of its pipeline starts, the sweeper has started; GET /api/v1/schedules says which times.',
      logGroupName: `/aws/lambda/${prefix}-sweeper`,
      message: TIMES_MISSED,
      actions,
    });
    const seals = { prefix, logGroupName: `/aws/lambda/${prefix}-${AUDIT_SEAL}`, actions };
    new SilenceAlarm(this, 'SealsSilent', {
      ...seals,
      name: 'audit-seals-silent',
      description: `The audit trail has not been sealed for ${PROBE_HOURS} hours: what was added since could be altered without a trace.`,
      message: SEALED,
      hours: PROBE_HOURS,
    });
    new LogAlarm(this, 'AuditFindings', {
      ...seals,
      name: 'audit-findings',
      description: `A walk over the audit trail found rows or seals that are not as they were sealed: somebody altered history. Look in ${seals.logGroupName} for "${FORGED}".`,
      message: FORGED,
    });
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
