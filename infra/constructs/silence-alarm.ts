import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmOnLines, type LogLinesProps } from './log-lines.ts';

export interface SilenceAlarmProps extends LogLinesProps {
  readonly hours: number;
}

/**
 * A dead man's switch: the alarm goes off when the sign of life has not been logged, also when that is because nothing
 * runs at all.
 *
 * In periods of an hour, because CloudWatch looks back a week with those and a day with shorter ones. It may take a
 * few hours more than asked for: as long as it still finds a data point, it prefers it to a missing one.
 */
export class SilenceAlarm extends Construct {
  constructor(scope: Construct, id: string, props: SilenceAlarmProps) {
    super(scope, id);
    alarmOnLines(this, props, {
      period: Duration.hours(1),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: props.hours,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}
