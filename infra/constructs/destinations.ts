import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** The queues a function may send to, by job. */
export class Destinations {
  private readonly queues: ReadonlyMap<string, IQueue>;

  constructor(queues: Iterable<readonly [job: string, queue: IQueue]>) {
    this.queues = new Map(queues);
  }

  /** QUEUES, as functions/core/config.ts reads it: a JSON object of job name to queue URL. */
  environment(scope: Construct): { readonly QUEUES: string } {
    const urls = Object.fromEntries([...this.queues].map(([job, queue]) => [job, queue.queueUrl]));
    return { QUEUES: Stack.of(scope).toJsonString(urls) };
  }

  /** Only sending: CDK's grant would add reading the queue's attributes and looking it up by name. */
  grantSend(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [...this.queues.values()].map((queue) => queue.queueArn),
      }),
    );
  }
}
