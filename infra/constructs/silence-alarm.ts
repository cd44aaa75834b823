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

export interface SilenceAlarmProps {
  readonly prefix: string;
  /** Physical name without the prefix. */
  readonly name: string;
  readonly description: string;
  readonly logGroupName: string;
  /** The `message` of the log lines that are the sign of life. */
  readonly message: string;
  readonly hours: number;
  readonly actions: readonly IAlarmAction[];
}

/**
 * A dead man's switch: the alarm goes off when something has not happened, also when that is because nothing runs at
 * all. Counted from log lines, which needs no call and no permission of the function that writes them.
 *
 * In periods of an hour, because CloudWatch looks back a week with those and a day with shorter ones. It may take a
 * few hours more than asked for: as long as it still finds a data point, it prefers it to a missing one.
 */
export class SilenceAlarm extends Construct {
  constructor(scope: Construct, id: string, props: SilenceAlarmProps) {
    super(scope, id);
    const metric = { metricNamespace: `cuadre/${props.prefix}`, metricName: props.name };
    new MetricFilter(this, 'Sign', {
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
        period: Duration.hours(1),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: props.hours,
      treatMissingData: TreatMissingData.BREACHING,
    });
    alarm.addAlarmAction(...props.actions);
    alarm.addOkAction(...props.actions);
  }
}
