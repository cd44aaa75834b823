import { Alarm, type AlarmProps, type IAlarmAction, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Log lines that a metric counts and an alarm watches, all three by one name. */
export interface LogLinesProps {
  readonly prefix: string;
  /** Physical name without the prefix. */
  readonly name: string;
  readonly description: string;
  readonly logGroupName: string;
  /** The `message` of the lines. */
  readonly message: string;
  readonly actions: readonly IAlarmAction[];
}

type When = Pick<AlarmProps, 'comparisonOperator' | 'evaluationPeriods' | 'treatMissingData'> & {
  readonly period: NonNullable<ConstructorParameters<typeof Metric>[0]['period']>;
};

/** Counted from what is logged, which needs no call and no permission of the function that logs it. The threshold is one line. */
export function alarmOnLines(scope: Construct, props: LogLinesProps, { period, ...when }: When): void {
  const namespace = `cuadre/${props.prefix}`;
  new MetricFilter(scope, 'Lines', {
    logGroup: LogGroup.fromLogGroupName(scope, 'Logs', props.logGroupName),
    filterPattern: FilterPattern.stringValue('$.message', '=', props.message),
    metricValue: '1',
    metricNamespace: namespace,
    metricName: props.name,
  });
  const alarm = new Alarm(scope, 'Alarm', {
    alarmName: `${props.prefix}-${props.name}`,
    alarmDescription: props.description,
    metric: new Metric({ namespace, metricName: props.name, statistic: 'Sum', period }),
    threshold: 1,
    ...when,
  });
  alarm.addAlarmAction(...props.actions);
  alarm.addOkAction(...props.actions);
}
