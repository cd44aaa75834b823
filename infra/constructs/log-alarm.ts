import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmOnLines, type LogLinesProps } from './log-lines.ts';

/** Goes off at the first log line that says so: for what is no error, and what somebody should know all the same. */
export class LogAlarm extends Construct {
  constructor(scope: Construct, id: string, props: LogLinesProps) {
    super(scope, id);
    alarmOnLines(this, props, {
      period: Duration.minutes(5),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
