import { describe, expect, test } from 'vitest';
import { StackProblems } from '../../../infra/local/errors.ts';
import { planStack } from '../../../infra/local/plan.ts';
import { type AppParts, att, mapping, queues, ref, writeApp } from '../../e2e/local-runtime/support/app.ts';
import { subscribed } from '../../e2e/local-runtime/support/topics.ts';

function plan(parts: AppParts, parameters = {}) {
  const assembly = writeApp(parts);
  return planStack({ assembly, parameters });
}

function problemsOf(parts: AppParts): readonly string[] {
  try {
    plan(parts);
  } catch (error) {
    if (error instanceof StackProblems) return error.problems;
    throw error;
  }
  return [];
}

const nothing = 'export const handler = async () => {};';

describe('what the runtime does not play', () => {
  test('is refused by name, all of it at once: types, properties, values', () => {
    expect(
      problemsOf({
        functions: { worker: nothing },
        functionProperties: { worker: { SnapStart: { ApplyOn: 'None' }, Runtime: 'python3.13' } },
        resources: {
          ...queues('jobs', 3),
          ...mapping('worker', 'jobs', {
            FilterCriteria: { Filters: [] },
            ScalingConfig: { Minimum: 1, MaximumConcurrency: 2 },
          }),
          Table: { Type: 'AWS::DynamoDB::Table', Properties: {} },
          Fifo: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'x.fifo', FifoQueue: true } },
          Policy: {
            Type: 'AWS::IAM::Policy',
            Properties: {
              PolicyName: 'p',
              Roles: [ref('Role')],
              PolicyDocument: { Statement: { Effect: 'Deny', NotAction: 'sqs:*', Resource: '*' } },
            },
          },
          Custom: { Type: 'Custom::Seed', Properties: { ServiceToken: 'arn:nobody' } },
          Nightly: {
            Type: 'AWS::Scheduler::Schedule',
            Properties: {
              ScheduleExpression: 'rate(1 hour)',
              FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
              Target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:jobs', RoleArn: att('Role', 'Arn') },
            },
          },
        },
      }).toSorted(),
    ).toEqual([
      'app/Custom (Custom::Seed): the type is not played here',
      'app/Fifo (AWS::SQS::Queue): the property FifoQueue is not played here',
      'app/Nightly (AWS::Scheduler::Schedule): the property FlexibleTimeWindow.MaximumWindowInMinutes is not played here',
      expect.stringContaining(
        'app/Nightly (AWS::Scheduler::Schedule): the property FlexibleTimeWindow.Mode: a flexible time window is not played here',
      ),
      'app/Nightly (AWS::Scheduler::Schedule): the property Target.Arn: only a function is played as a target',
      'app/Policy (AWS::IAM::Policy): the property PolicyDocument.Statement.0.Action.0: Invalid input: expected string, received undefined',
      'app/Policy (AWS::IAM::Policy): the property PolicyDocument.Statement.0.NotAction is not played here',
      'app/Table (AWS::DynamoDB::Table): the type is not played here',
      expect.stringContaining('app/worker (AWS::Lambda::Function): the property Runtime: '),
      'app/worker (AWS::Lambda::Function): the property SnapStart is not played here',
      'app/workerReadsjobs (AWS::Lambda::EventSourceMapping): the property FilterCriteria is not played here',
      'app/workerReadsjobs (AWS::Lambda::EventSourceMapping): the property ScalingConfig.Minimum is not played here',
    ]);
  });

  test('is counted apart from what is inert, with the reasons', () => {
    const { inventory } = plan({
      functions: { worker: nothing, provider: nothing },
      functionProperties: { worker: { TracingConfig: { Mode: 'Active' } } },
      resources: {
        Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
        Vpc: { Type: 'AWS::EC2::VPC' },
        Trigger: {
          Type: 'Custom::Trigger',
          Properties: { ServiceToken: att('provider', 'Arn'), HandlerArn: ref('worker') },
        },
      },
    });
    expect(inventory.played.map(({ logicalId }) => logicalId).toSorted()).toEqual([
      'Role',
      'Trigger',
      'worker',
    ]);
    expect(
      inventory.inertProperties.map(({ resource, property, reason }) => [
        resource.logicalId,
        property,
        reason,
      ]),
    ).toEqual([
      ['Role', 'AssumeRolePolicyDocument', 'every service here may assume every role'],
      ['worker', 'TracingConfig', 'there is no X-Ray'],
    ]);
    expect(inventory.inert.map(({ resource, reason }) => [resource.logicalId, reason]).toSorted()).toEqual([
      ['Logs', 'logs go to whoever started the stack'],
      ['Vpc', 'everything is on 127.0.0.1'],
      ['provider', 'it only serves custom resources, which the runtime plays itself'],
    ]);
  });
});

describe('what cannot be resolved', () => {
  test('names resource and property', () => {
    expect(
      problemsOf({
        functions: { worker: nothing },
        functionProperties: { worker: { Environment: { Variables: { A: ref('Nowhere') } } } },
        resources: {
          Queue: {
            Type: 'AWS::SQS::Queue',
            Properties: { QueueName: { 'Fn::GetAtt': ['Queue', 'QueueName'] } },
          },
          Other: { Type: 'AWS::SQS::Queue', Properties: { QueueName: att('Role', 'Nothing') } },
        },
      }),
    ).toEqual([
      'app/worker (AWS::Lambda::Function): app/worker.Environment: app has no resource or parameter Nowhere',
      expect.stringMatching(/^app\/Queue \(AWS::SQS::Queue\): app\/Queue.QueueName.* is defined by itself$/),
      'app/Other (AWS::SQS::Queue): app/Other.QueueName: app/Role (AWS::IAM::Role) has no attribute Nothing here',
    ]);
  });

  test('a parameter takes its default or the value given, and a missing one is named', () => {
    const parts: AppParts = {
      resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: ref('Name') } } },
      template: {
        Parameters: {
          Name: { Type: 'String' },
          BootstrapVersion: {
            Type: 'AWS::SSM::Parameter::Value<String>',
            Default: '/cdk-bootstrap/x/version',
          },
        },
      },
    };
    expect(problemsOf(parts)).toEqual([
      'app/Queue (AWS::SQS::Queue): app/Queue.QueueName: the parameter Name has no default: give its value',
    ]);
    expect(plan(parts, { Name: 'given' }).inventory.played).toHaveLength(2);
  });

  test('resources under a condition that is false are not there, and stacks import from each other', () => {
    const { unplaced } = plan({
      resources: {
        ...queues('jobs', 3),
        Never: { Type: 'AWS::DynamoDB::Table', Condition: 'IsLarge' },
      },
      template: {
        Conditions: { IsLarge: { 'Fn::Equals': [ref('AWS::Region'), 'eu-west-1'] } },
        Outputs: {
          Arn: { Value: att('jobs', 'Arn'), Export: { Name: { 'Fn::Sub': `\${AWS::StackName}:arn` } } },
        },
      },
      stacks: {
        second: {
          Resources: {
            Queue: {
              Type: 'AWS::SQS::Queue',
              Properties: {
                RedrivePolicy: {
                  deadLetterTargetArn: { 'Fn::ImportValue': 'app:arn' },
                  maxReceiveCount: '4',
                },
              },
            },
          },
        },
      },
    });
    const queue = unplaced.resources.find(({ id }) => id === 'second/Queue');
    expect(queue && unplaced.properties(queue)).toEqual({
      RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:jobs', maxReceiveCount: '4' },
    });
  });

  test('an app that was not synthesized is told from one that is wrong', () => {
    expect(() => planStack({ assembly: '/nonexistent' })).toThrow(
      '/nonexistent/manifest.json does not exist',
    );
  });
});

describe('a role that lacks what the template has it do', () => {
  const role = (...statements: object[]) => ({
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: {} },
    },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'p', Roles: [ref('Role')], PolicyDocument: { Statement: statements } },
    },
  });
  const worker = (...statements: object[]): AppParts => ({
    functions: { worker: nothing },
    functionProperties: {
      worker: { Environment: { Variables: { QUEUES: { 'Fn::Sub': `{"a":"\${more}","b":"\${jobsDlq}"}` } } } },
    },
    resources: {
      ...queues('jobs', 3),
      ...queues('more', 3),
      ...mapping('worker', 'jobs'),
      ...role(...statements),
    },
  });
  const consume = {
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: att('jobs', 'Arn'),
  };

  test('is named with the action and the resource', () => {
    expect(problemsOf(worker())).toEqual([
      expect.stringMatching(/^app\/worker: its role .* lacks sqs:SendMessage on arn:.*:jobs-dlq$/),
      expect.stringMatching(/^app\/worker: its role .* lacks sqs:SendMessage on arn:.*:more$/),
      expect.stringMatching(/^app\/workerReadsjobs: .* lacks sqs:ReceiveMessage on arn:.*:jobs$/),
      expect.stringMatching(/^app\/workerReadsjobs: .* lacks sqs:DeleteMessage on arn:.*:jobs$/),
      expect.stringMatching(/^app\/workerReadsjobs: .* lacks sqs:GetQueueAttributes on arn:.*:jobs$/),
    ]);
  });

  test('by wildcard, but not against a denial, is allowed', () => {
    const send = { Effect: 'Allow', Action: 'sqs:Send*', Resource: 'arn:aws:sqs:us-east-1:*:*' };
    expect(problemsOf(worker(consume, send))).toEqual([]);
    expect(
      problemsOf(worker(consume, send, { Effect: 'Deny', Action: 'sqs:*', Resource: att('more', 'Arn') })),
    ).toEqual([expect.stringMatching(/lacks sqs:SendMessage on arn:.*:more$/)]);
  });
});

describe('a topic', () => {
  const topic = { Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news' } } };

  test('is refused where it asks for what is not played', () => {
    const to = (Protocol: string) => ({
      Type: 'AWS::SNS::Subscription',
      Properties: { Protocol, TopicArn: ref('Topic'), Endpoint: 'somewhere' },
    });
    expect(
      problemsOf({
        resources: {
          Fifo: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'x.fifo', FifoTopic: true } },
          ...topic,
          Web: to('https'),
          Text: to('sms'),
        },
      }),
    ).toEqual([
      'app/Fifo (AWS::SNS::Topic): the property FifoTopic is not played here',
      expect.stringContaining('app/Web (AWS::SNS::Subscription): the property Protocol'),
      expect.stringContaining('app/Text (AWS::SNS::Subscription): the property Protocol'),
    ]);
  });

  test('is refused when the function that is told of it may not publish', () => {
    expect(
      problemsOf({
        functions: { speaker: nothing },
        functionProperties: {
          speaker: { Role: att('Silent', 'Arn'), Environment: { Variables: { TOPIC: ref('Topic') } } },
        },
        resources: {
          ...topic,
          Silent: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
        },
      }),
    ).toEqual([expect.stringMatching(/app\/speaker: its role .* lacks sns:Publish on .*:news/)]);
  });

  test.each([
    ['without a policy', (all: Record<string, object>) => delete all['allPolicy']],
    [
      'with another topic’s',
      (all: Record<string, object>) => {
        all['allPolicy'] = JSON.parse(
          JSON.stringify(all['allPolicy']).replace('{"Ref":"Topic"}', '"arn:of:another"'),
        );
      },
    ],
  ])('is refused when a subscribed queue does not let it in: %s', (_what, spoil) => {
    const resources: Record<string, object> = { ...topic, ...subscribed('all', 'Topic') };
    expect(problemsOf({ resources })).toEqual([]);
    spoil(resources);
    expect(problemsOf({ resources })).toEqual([
      expect.stringMatching(
        /app\/allSubscription: no policy of the queue .*:all lets sns.amazonaws.com send to it/,
      ),
    ]);
  });
});
