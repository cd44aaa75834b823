import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import type { KnownSchedule } from '../../functions/core/schedules/known.ts';
import { acknowledge } from './acknowledge.ts';
import type { BundledFunction } from './bundled-function.ts';
import { ScheduledFunction, type ScheduledFunctionProps } from './scheduled-function.ts';

export interface PipelineScheduleProps
  extends Pick<
    ScheduledFunctionProps,
    'deployment' | 'target' | 'deadLetterQueueName' | 'deadLetterVisibility'
  > {
  readonly pipeline: Pipeline;
}

/**
 * A pipeline's schedule, and the group for the schedules that fire once in its stead: for a run that is put off, and for a time
 * that was missed. Those get their names at run time, so that the group is what may be granted.
 */
export class PipelineSchedule extends ScheduledFunction {
  readonly group: string;
  /** As SCHEDULES says it. */
  readonly known: KnownSchedule;

  /** @param props.target the pipeline's planner */
  constructor(scope: Construct, id: string, { pipeline, ...props }: PipelineScheduleProps) {
    const { prefix } = props.deployment.config;
    const group = onceGroupOf(prefix, pipeline);
    super(scope, id, {
      ...props,
      schedules: {
        Schedule: {
          name: pipeline.name,
          description: `Runs ${pipeline.name}: ${Object.keys(pipeline.jobs).join(', ')}`,
          schedule: pipeline.schedule,
        },
      },
      groups: [group],
    });
    this.group = group;
    new CfnScheduleGroup(this, 'Once', { name: group });
    const { expression, timeZone, missed = 'none' } = pipeline.schedule;
    const name = `${prefix}-${pipeline.name}`;
    this.known = {
      name,
      arn: this.arn(`default/${name}`),
      pipeline: pipeline.name,
      expression,
      timeZone,
      missed,
      group,
    };
  }

  /** May look at the schedule and make others that fire once in its stead, at the same target by the same role. */
  grantOnce(to: BundledFunction): void {
    allow(to, this.role, [
      { actions: ['scheduler:GetSchedule'], resources: [this.known.arn] },
      { actions: ['scheduler:CreateSchedule'], resources: [this.arn(`${this.group}/*`)] },
    ]);
    acknowledge(
      to,
      `Schedules in the group ${this.group} have names that are made at run time; the group is the resource, and all of them invoke the one planner.`,
      `IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${this.group}/*]`,
    );
  }

  /** May switch the schedule on and off. An update replaces all of it, its role included: hence the right to pass that on. */
  grantSwitch(to: BundledFunction): void {
    allow(to, this.role, [
      { actions: ['scheduler:GetSchedule', 'scheduler:UpdateSchedule'], resources: [this.known.arn] },
    ]);
  }

  private arn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'scheduler', resource: 'schedule', resourceName });
  }
}

/** By name: what must know it before the construct is there, as its planner must. */
export function onceGroupOf(prefix: string, { domain }: Pick<Pipeline, 'domain'>): string {
  return `${prefix}-${domain}-once`;
}

/** SCHEDULES, as functions/core/schedules/known.ts reads it. */
export function schedulesEnvironment(
  scope: Construct,
  schedules: readonly PipelineSchedule[],
): { readonly SCHEDULES: string } {
  return { SCHEDULES: Stack.of(scope).toJsonString(schedules.map(({ known }) => known)) };
}

function allow(
  { function: handler }: BundledFunction,
  role: Role,
  statements: readonly { readonly actions: string[]; readonly resources: string[] }[],
): void {
  for (const statement of [
    ...statements,
    {
      actions: ['iam:PassRole'],
      resources: [role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    },
  ])
    handler.addToRolePolicy(new PolicyStatement(statement));
}
