import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * Encrypts what people are told while SNS holds it. A key of our own, because CloudWatch's alarms may not use the one
 * that AWS keeps for SNS, whose policy nobody can change. It protects nothing that lasts, so it goes with its stack.
 * CloudWatch's right to it has no condition, because AWS documents none for it: which alarms may publish is for each
 * topic's policy to say.
 */
export class NotificationKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Messages to people: alerts and alarms',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
      }),
    );
  }
}
