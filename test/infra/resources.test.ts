import { describe, expect, it } from 'vitest';
import { type Assembly, assemblyOf } from './assembly.ts';

const NAMES = [
  'FunctionName',
  'QueueName',
  'LogGroupName',
  'Name',
  'AlarmName',
  'DBClusterIdentifier',
  'TopicName',
] as const;

/** Names that people and other accounts' policies see. */
function physicalNames(assembly: Assembly): string[] {
  return assembly
    .all()
    .flatMap(({ properties }) => NAMES.map((name) => properties[name]))
    .filter((name) => typeof name === 'string');
}

describe('resources', () => {
  const assembly = assemblyOf({});

  it('counts every type, so that none appears or vanishes unnoticed', () => {
    const counts = Object.entries(Object.groupBy(assembly.all(), ({ type }) => type));
    expect(Object.fromEntries(counts.map(([type, found]) => [type, found?.length]))).toMatchInlineSnapshot(`
      {
        "AWS::ApiGatewayV2::Api": 1,
        "AWS::ApiGatewayV2::Integration": 28,
        "AWS::ApiGatewayV2::Route": 28,
        "AWS::ApiGatewayV2::Stage": 1,
        "AWS::CloudWatch::Alarm": 47,
        "AWS::EC2::FlowLog": 1,
        "AWS::EC2::RouteTable": 2,
        "AWS::EC2::SecurityGroup": 7,
        "AWS::EC2::SecurityGroupEgress": 10,
        "AWS::EC2::SecurityGroupIngress": 10,
        "AWS::EC2::Subnet": 2,
        "AWS::EC2::SubnetRouteTableAssociation": 2,
        "AWS::EC2::VPC": 1,
        "AWS::EC2::VPCEndpoint": 5,
        "AWS::IAM::Policy": 30,
        "AWS::IAM::Role": 31,
        "AWS::KMS::Key": 1,
        "AWS::Lambda::EventInvokeConfig": 3,
        "AWS::Lambda::EventSourceMapping": 24,
        "AWS::Lambda::Function": 27,
        "AWS::Lambda::Permission": 28,
        "AWS::Lambda::Version": 1,
        "AWS::Logs::LogGroup": 29,
        "AWS::Logs::MetricFilter": 5,
        "AWS::RDS::DBCluster": 1,
        "AWS::RDS::DBClusterParameterGroup": 1,
        "AWS::RDS::DBInstance": 1,
        "AWS::RDS::DBSubnetGroup": 1,
        "AWS::S3::Bucket": 1,
        "AWS::S3::BucketPolicy": 1,
        "AWS::SNS::Subscription": 1,
        "AWS::SNS::Topic": 2,
        "AWS::SNS::TopicPolicy": 2,
        "AWS::SQS::Queue": 27,
        "AWS::SQS::QueuePolicy": 27,
        "AWS::Scheduler::Schedule": 4,
        "AWS::Scheduler::ScheduleGroup": 1,
        "Custom::Trigger": 1,
      }
    `);
  });

  it('watches the errors of every function and the depth of every dead-letter queue', () => {
    const watched = assembly
      .ofType('AWS::CloudWatch::Alarm')
      .map(({ properties }) => [properties['MetricName'], JSON.stringify(properties['Dimensions'])]);
    const functions = assembly
      .ofType('AWS::Lambda::Function')
      .flatMap(({ properties: { FunctionName } }) => (FunctionName === undefined ? [] : [FunctionName]));
    const queues = assembly
      .ofType('AWS::SQS::Queue')
      .map(({ properties }) => properties['QueueName'])
      .filter((name) => String(name).endsWith('-dlq'));
    const expected = [
      ...functions.map((Value) => ['Errors', JSON.stringify([{ Name: 'FunctionName', Value }])]),
      ['alert-probes-silent', undefined],
      ['audit-findings', undefined],
      ['audit-seals-silent', undefined],
      ['cabinet-planner-degraded', undefined],
      ['schedule-missed', undefined],
      ['Invocations', JSON.stringify([{ Name: 'FunctionName', Value: 'cuadre-cabinet-dead-letters' }])],
      ...queues.map((Value) => [
        'ApproximateNumberOfMessagesVisible',
        JSON.stringify([{ Name: 'QueueName', Value }]),
      ]),
    ];
    expect(watched.toSorted()).toEqual(expected.toSorted());
  });

  it('gives every physical name the prefix, so that two deployments share an account', () => {
    const names = physicalNames(assembly);
    const others = physicalNames(assemblyOf({ prefix: 'trial' }));
    expect(names.length).toBeGreaterThan(40);
    expect(others).toEqual(names.map((name) => name.replace('cuadre', 'trial')));
    expect(names.filter((name) => !name.includes('cuadre'))).toEqual([]);
  });
});
