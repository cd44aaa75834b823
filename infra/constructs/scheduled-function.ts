import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import {
  ContextAttribute,
  type IScheduleTarget,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { Schedule as ScheduleDeclaration } from '../../functions/core/pipeline.ts';
import type { BundledFunction, Deployment } from './bundled-function.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';

/**
 * How late a scheduled run may still start. EventBridge Scheduler would try for a day: a night's run that begins the
 * next evening reconciles the wrong day's state, and one that never began is better seen among the dead letters.
 */
const MAX_AGE = Duration.hours(1);
const DELIVERY_RETRIES = 10;
const HANDLER_RETRIES = 2;

export interface ScheduleOfFunction {
  /** Physical name without the prefix, e.g. `cabinet-daily`. */
  readonly name: string;
  readonly description: string;
  readonly schedule: ScheduleDeclaration;
  /** Default true. A function may switch it on and off as it goes; a deployment leaves it as it is then. */
  readonly enabled?: boolean;
}

export interface ScheduledFunctionProps {
  readonly deployment: Deployment;
  /** By construct id. */
  readonly schedules: Readonly<Record<string, ScheduleOfFunction>>;
  /** Groups of further schedules that may invoke the target by the same role; theirs is the default group. */
  readonly groups?: readonly string[];
  readonly target: BundledFunction;
  /** Physical name of the dead-letter queue without the prefix. */
  readonly deadLetterQueueName: string;
  /** How long the dead letters' consumer may hold one. */
  readonly deadLetterVisibility?: Duration;
}

/**
 * A function that EventBridge Scheduler invokes. The invocation is asynchronous, so that two things can fail: the
 * delivery (Scheduler retries, then its dead-letter queue) and the handler (Lambda retries, then the on-failure
 * destination). Both end in the one queue; the bodies tell which.
 */
export class ScheduledFunction extends Construct {
  readonly deadLetters: DeadLetterQueue;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ScheduledFunctionProps) {
    super(scope, id);
    const { prefix } = props.deployment.config;
    const handler = props.target.function;
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      name: `${prefix}-${props.deadLetterQueueName}`,
      ...(props.deadLetterVisibility === undefined ? {} : { visibilityTimeout: props.deadLetterVisibility }),
    });
    handler.configureAsyncInvoke({
      retryAttempts: HANDLER_RETRIES,
      maxEventAge: MAX_AGE,
      onFailure: new SqsDestination(this.deadLetters),
    });
    this.role = this.schedulerRole(props.target, ['default', ...(props.groups ?? [])]);
    for (const [scheduleId, { name, description, schedule, enabled = true }] of Object.entries(
      props.schedules,
    )) {
      new Schedule(this, scheduleId, {
        scheduleName: `${prefix}-${name}`,
        description,
        schedule: ScheduleExpression.expression(schedule.expression, TimeZone.of(schedule.timeZone)),
        enabled,
        timeWindow: TimeWindow.off(),
        target: this.scheduleTarget(props.target),
      });
    }
  }

  private schedulerRole({ function: handler }: BundledFunction, groups: readonly string[]): Role {
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': stack.account,
            'aws:SourceArn': groups.map((resourceName) =>
              stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName }),
            ),
          },
        },
      }),
    });
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.functionArn] }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    );
    return role;
  }

  /** CDK's own LambdaInvoke target would also let the schedule invoke every version and alias of the function. */
  private scheduleTarget({ function: handler }: BundledFunction): IScheduleTarget {
    return {
      bind: () => ({
        arn: handler.functionArn,
        role: this.role,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: {
          maximumEventAgeInSeconds: MAX_AGE.toSeconds(),
          maximumRetryAttempts: DELIVERY_RETRIES,
        },
        // Schedule and time name the run: a second delivery finds it. The execution's id is new in each attempt.
        input: ScheduleTargetInput.fromObject({
          source: 'schedule',
          scheduleArn: ContextAttribute.scheduleArn,
          scheduledTime: ContextAttribute.scheduledTime,
          dryRun: false,
        }),
      }),
    };
  }
}
