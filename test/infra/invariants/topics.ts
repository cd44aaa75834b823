import { expect, it } from 'vitest';
import * as z from 'zod';
import type { Assembly, Found } from '../assembly.ts';
import { allowedBy } from './policies.ts';

const topic = z.strictObject({ TopicName: z.string(), KmsMasterKeyId: z.unknown() });
const subscription = z.strictObject({
  Protocol: z.enum(['sqs', 'email']),
  TopicArn: z.unknown(),
  Endpoint: z.unknown(),
  FilterPolicy: z.record(z.string(), z.array(z.unknown())).optional(),
});
const policy = z.object({
  Topics: z.array(z.unknown()),
  PolicyDocument: z.object({ Statement: z.array(z.looseObject({ Effect: z.string() })) }),
});
const transformed = z.object({ MetricName: z.string(), Namespace: z.string() });
const alarm = z.object({ AlarmActions: z.tuple([z.unknown()]), OKActions: z.tuple([z.unknown()]) });
const lambda = z.object({
  FunctionName: z.string(),
  Role: z.unknown(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

const nameOf = (found: Found) => String(found.properties['TopicName']);

export function topics(assembly: Assembly): void {
  const all = assembly.ofType('AWS::SNS::Topic');
  const subscriptions = assembly
    .ofType('AWS::SNS::Subscription')
    .map((found) => ({ found, properties: subscription.parse(found.properties) }));
  const statementsOf = (name: string) =>
    assembly.ofType('AWS::SNS::TopicPolicy').flatMap((found) => {
      const { Topics, PolicyDocument } = policy.parse(found.properties);
      return Topics.some((each) => nameOf(assembly.target(found, each)) === name)
        ? PolicyDocument.Statement
        : [];
    });

  it('are the alerts’ and the alarms’, encrypted with a key of ours that is rotated', () => {
    expect(all.map(nameOf).toSorted()).toEqual(['cuadre-alarms', 'cuadre-alerts']);
    const [{ id: key } = { id: '' }, ...others] = assembly.ofType('AWS::KMS::Key');
    expect(others).toEqual([]);
    expect(assembly.ofType('AWS::KMS::Key')[0]?.properties).toMatchObject({ EnableKeyRotation: true });
    for (const found of all) {
      expect(assembly.target(found, topic.parse(found.properties).KmsMasterKeyId).id).toBe(key);
    }
  });

  it('refuse what does not come over TLS', () => {
    for (const name of all.map(nameOf)) {
      expect(statementsOf(name)).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Principal: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it('hear of every alarm, going off and over, and let CloudWatch in: by their policy and by their key', () => {
    const alarms = assembly.ofType('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(20);
    for (const found of alarms) {
      const { AlarmActions, OKActions } = alarm.parse(found.properties);
      for (const action of [...AlarmActions, ...OKActions]) {
        expect(nameOf(assembly.target(found, action)), found.id).toBe('cuadre-alarms');
      }
    }
    const cloudWatch = { Service: 'cloudwatch.amazonaws.com' };
    expect(statementsOf('cuadre-alarms')).toContainEqual(
      expect.objectContaining({ Effect: 'Allow', Action: 'sns:Publish', Principal: cloudWatch }),
    );
    expect(JSON.stringify(assembly.ofType('AWS::KMS::Key')[0]?.properties['KeyPolicy'])).toContain(
      JSON.stringify({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Effect: 'Allow',
        Principal: cloudWatch,
      }).slice(1, -1),
    );
  });

  it('give people the alerts without the probe, and the probe’s queue nothing else', () => {
    const ofAlerts = subscriptions.filter(
      ({ found, properties }) => nameOf(assembly.target(found, properties.TopicArn)) === 'cuadre-alerts',
    );
    for (const { properties } of ofAlerts) {
      expect(properties.FilterPolicy).toEqual(
        properties.Protocol === 'sqs'
          ? { type: ['ALERT_PATH_PROBE'] }
          : { type: [{ 'anything-but': ['ALERT_PATH_PROBE'] }] },
      );
    }
    const queues = ofAlerts
      .filter(({ properties }) => properties.Protocol === 'sqs')
      .map(({ found, properties }) => assembly.target(found, properties.Endpoint));
    expect(queues.map(({ properties }) => properties['QueueName'])).toEqual(['cuadre-alert-probes']);
    const let_in = assembly
      .ofType('AWS::SQS::QueuePolicy')
      .filter(({ properties }) => JSON.stringify(properties).includes('sns.amazonaws.com'));
    expect(let_in).toHaveLength(1);
    expect(JSON.stringify(let_in[0]?.properties)).toContain('"ArnEquals":{"aws:SourceArn"');
  });

  it('are published to by the one job that is told of them, which may use the key and no other', () => {
    const publishers = assembly.ofType('AWS::Lambda::Function').flatMap((found) => {
      const parsed = lambda.safeParse(found.properties).data;
      if (parsed === undefined) return [];
      const statements = allowedBy(assembly, found, parsed.Role);
      const publishes = statements.filter(({ actions }) => actions.includes('sns:Publish'));
      const topicArn = parsed.Environment.Variables['ALERT_TOPIC_ARN'];
      expect(
        publishes.map(({ resource }) => resource),
        found.id,
      ).toEqual(topicArn === undefined ? [] : [topicArn]);
      if (topicArn === undefined) return [];
      expect(nameOf(assembly.target(found, topicArn))).toBe('cuadre-alerts');
      // A customer's secrets may have a key of their own, by its ARN.
      const withKeys = statements.filter(
        ({ actions, resource }) =>
          actions.some((action) => action.startsWith('kms:')) && typeof resource !== 'string',
      );
      expect(withKeys.map(({ actions }) => actions)).toEqual([['kms:Decrypt', 'kms:GenerateDataKey']]);
      expect(withKeys.map(({ resource }) => assembly.target(found, resource).type)).toEqual([
        'AWS::KMS::Key',
      ]);
      return [parsed.FunctionName];
    });
    expect(publishers).toEqual(['cuadre-cabinet-alert-publication']);
  });

  it.each([
    ['alert-probes-silent', 'alert probe arrived', 'alert-probes'],
    ['audit-seals-silent', 'audit sealed', 'audit-seal'],
  ])(
    '%s: are missed when none has come for 26 hours, whatever else is silent with it',
    (name, message, from) => {
      const silent = assembly
        .ofType('AWS::CloudWatch::Alarm')
        .filter(({ properties }) => properties['TreatMissingData'] === 'breaching');
      expect(silent).toHaveLength(2);
      const properties =
        silent.find((each) => each.properties['AlarmName'] === `cuadre-${name}`)?.properties ?? {};
      const { MetricName, Namespace } = transformed.parse(properties);
      expect(properties).toMatchObject({
        Period: 3600,
        EvaluationPeriods: 26,
        Threshold: 1,
        Statistic: 'Sum',
        ComparisonOperator: 'LessThanThreshold',
      });
      const filters = assembly.ofType('AWS::Logs::MetricFilter').map((found) => found.properties);
      expect(
        filters.filter(({ LogGroupName }) => LogGroupName === `/aws/lambda/cuadre-${from}`),
      ).toContainEqual({
        FilterPattern: `{ $.message = "${message}" }`,
        LogGroupName: `/aws/lambda/cuadre-${from}`,
        MetricTransformations: [
          {
            MetricName,
            MetricNamespace: Namespace,
            MetricValue: '1',
          },
        ],
      });
    },
  );

  it('is news at once when a walk over the audit trail finds something', () => {
    const [alarm] = assembly
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ properties }) => properties['AlarmName'] === 'cuadre-audit-findings');
    expect(alarm?.properties).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
    const { MetricName, Namespace } = transformed.parse(alarm?.properties ?? {});
    expect(assembly.ofType('AWS::Logs::MetricFilter').map((found) => found.properties)).toContainEqual({
      FilterPattern: '{ $.message = "audit verification found what was not sealed so" }',
      LogGroupName: '/aws/lambda/cuadre-audit-seal',
      MetricTransformations: [{ MetricName, MetricNamespace: Namespace, MetricValue: '1' }],
    });
  });
}
