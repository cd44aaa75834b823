import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/**
 * Logs are for finding out, the ledger is for proving: they expire, and go with their stack. A group that outlived
 * it would hold the name that the next deployment needs.
 * @param days one of the periods that CloudWatch Logs knows; LogGroup checks it
 */
export function expiringLogGroup(
  scope: Construct,
  id: string,
  name: string,
  days: LogGroupProps['retention'],
): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: name,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(days === undefined ? {} : { retention: days }),
  });
}
