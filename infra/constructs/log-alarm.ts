import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface LogAlarmProps {
  readonly prefix: string;
  /** Physical name without the prefix. */
  readonly name: string;
  readonly description: string;
  readonly logGroupName: string;
  /** The `message` of the log lines that are the news. */
  readonly message: string;
  readonly actions: readonly IAlarmAction[];
}

/** An alarm on a line that a function never writes while all is well: one in five minutes is the news. */
export class LogAlarm extends Construct {
  constructor(scope: Construct, id: string, props: LogAlarmProps) {
    super(scope, id);
    const metric = { metricNamespace: `cuadre/${props.prefix}`, metricName: props.name };
    new MetricFilter(this, 'Lines', {
      logGroup: LogGroup.fromLogGroupName(this, 'Logs', props.logGroupName),
      filterPattern: FilterPattern.stringValue('$.message', '=', props.message),
      metricValue: '1',
      ...metric,
    });
    const alarm = new Alarm(this, 'Alarm', {
      alarmName: `${props.prefix}-${props.name}`,
      alarmDescription: props.description,
      metric: new Metric({
        namespace: metric.metricNamespace,
        metricName: metric.metricName,
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...props.actions);
    alarm.addOkAction(...props.actions);
  }
}
