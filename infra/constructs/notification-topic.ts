import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface NotificationTopicProps {
  /** Physical name, prefix included. */
  readonly name: string;
  readonly key: IKey;
}

/** A topic that people subscribe to: encrypted, and reached over TLS alone. */
export class NotificationTopic extends Topic {
  private readonly key: IKey;

  constructor(scope: Construct, id: string, { name, key }: NotificationTopicProps) {
    super(scope, id, { topicName: name, enforceSSL: true, masterKey: key });
    this.key = key;
  }

  /** Only publishing: CDK's grant would let every kind of data key be made. */
  allow(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['sns:Publish'], resources: [this.topicArn] }),
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.key.keyArn] }),
    );
  }

  /** A topic with a policy of its own has lost the one that let services of the account publish. */
  allowAlarms(): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
