import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface AlarmSpec {
  /** Physical name without the prefix; also the construct's id. */
  readonly name: string;
  /** What it means and what to look at first. */
  readonly description: string;
  readonly namespace: 'AWS/Lambda' | 'AWS/SQS';
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
}

export interface AlarmsProps {
  readonly prefix: string;
  readonly actions: readonly IAlarmAction[];
  readonly alarms: readonly AlarmSpec[];
}

/** Alarms on things that never happen in a healthy deployment: one occurrence in five minutes is the news. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { prefix, actions, alarms }: AlarmsProps) {
    super(scope, id);
    for (const { name, description, namespace, metric, dimensions, statistic } of alarms) {
      const alarm = new Alarm(this, name, {
        alarmName: `${prefix}-${name}`,
        alarmDescription: description,
        // By physical names: an alarm must not tie its stack to those it watches.
        metric: new Metric({
          namespace,
          metricName: metric,
          dimensionsMap: { ...dimensions },
          statistic,
          period: Duration.minutes(5),
        }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        // An idle night sends no data points, and that is as it should be.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(...actions);
      alarm.addOkAction(...actions);
    }
  }
}
