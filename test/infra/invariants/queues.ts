import { expect, it } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { wakeOf } from '../../../functions/core/pipeline.ts';
import type { Assembly, Found } from '../assembly.ts';
import { allowedBy } from './policies.ts';

const queue = z.object({
  QueueName: z.string(),
  VisibilityTimeout: z.int().optional(),
  MessageRetentionPeriod: z.int(),
  SqsManagedSseEnabled: z.literal(true),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.unknown(), maxReceiveCount: z.int() }).optional(),
  RedriveAllowPolicy: z
    .discriminatedUnion('redrivePermission', [
      z.object({ redrivePermission: z.literal('byQueue'), sourceQueueArns: z.array(z.unknown()) }),
      z.object({ redrivePermission: z.literal('denyAll') }),
    ])
    .optional(),
});

const lambda = z.object({
  Role: z.unknown(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional(),
});

const mapping = z.strictObject({
  BatchSize: z.literal(1),
  EventSourceArn: z.unknown(),
  FunctionName: z.unknown(),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  MaximumBatchingWindowInSeconds: z.int(),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2) }),
});

function queuesOf(assembly: Assembly) {
  return assembly
    .ofType('AWS::SQS::Queue')
    .map((found) => ({ found, properties: queue.parse(found.properties) }));
}

function mappingsOf(assembly: Assembly) {
  return assembly
    .ofType('AWS::Lambda::EventSourceMapping')
    .map((found) => ({ found, properties: mapping.parse(found.properties) }));
}

/** Dead-letter queues: of another queue, of a schedule, or of asynchronous invocations. */
function deadLetterQueuesOf(assembly: Assembly): Set<string> {
  const destination = z.object({ OnFailure: z.object({ Destination: z.unknown() }) });
  const targets = [
    ...queuesOf(assembly).flatMap(({ found, properties }) =>
      properties.RedrivePolicy ? [assembly.target(found, properties.RedrivePolicy.deadLetterTargetArn)] : [],
    ),
    ...assembly
      .ofType('AWS::Lambda::EventInvokeConfig')
      .map((found) =>
        assembly.target(
          found,
          destination.parse(found.properties['DestinationConfig']).OnFailure.Destination,
        ),
      ),
  ];
  return new Set(targets.map(keyOf));
}

const keyOf = ({ stack, id }: Found) => `${stack} ${id}`;

export function queues(assembly: Assembly): void {
  it('counts its queues and mappings, so that none vanishes unnoticed', () => {
    const jobs = Object.keys(cabinetDaily.jobs).length;
    // A queue and a dead-letter queue per job, for waking the sweeper and for the probes of the alert path; the planner's,
    // the sweeper's and the audit seals'.
    expect(queuesOf(assembly)).toHaveLength(2 * (jobs + 2) + 3);
    // The jobs, the sweeper and the probes; every dead-letter queue of the pipeline.
    expect(mappingsOf(assembly)).toHaveLength(2 * (jobs + 1) + 1 + 1);
  });

  it('gives every queue a dead-letter queue, unless it is one', () => {
    const deadLetterQueues = deadLetterQueuesOf(assembly);
    for (const { found, properties } of queuesOf(assembly)) {
      const isOne = deadLetterQueues.has(keyOf(found));
      expect(properties.RedrivePolicy === undefined, properties.QueueName).toBe(isOne);
      if (properties.RedrivePolicy)
        expect(properties.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(5);
    }
  });

  it('keeps dead letters longer than their source, whose clock they keep', () => {
    for (const { found, properties } of queuesOf(assembly)) {
      if (properties.RedrivePolicy === undefined) continue;
      const target = queue.parse(
        assembly.target(found, properties.RedrivePolicy.deadLetterTargetArn).properties,
      );
      expect(target.MessageRetentionPeriod).toBeGreaterThan(properties.MessageRetentionPeriod);
      expect(target.RedriveAllowPolicy?.redrivePermission).toBe('byQueue');
      expect(JSON.stringify(target.RedriveAllowPolicy)).toContain(`:${properties.QueueName}"`);
    }
  });

  it('hides a message for six times its consumer’s timeout and the batching window', () => {
    const timeout = z.object({ Timeout: z.int() });
    for (const { found, properties } of mappingsOf(assembly)) {
      const source = queue.parse(assembly.target(found, properties.EventSourceArn).properties);
      const consumer = timeout.parse(assembly.target(found, properties.FunctionName).properties);
      expect(source.VisibilityTimeout, source.QueueName).toBeGreaterThanOrEqual(
        6 * consumer.Timeout + properties.MaximumBatchingWindowInSeconds,
      );
      expect(source.VisibilityTimeout, source.QueueName).toBeLessThanOrEqual(43_200);
    }
  });

  it('refuses what does not come over TLS, on every queue', () => {
    const policy = z.object({ Queues: z.array(z.unknown()), PolicyDocument: z.unknown() });
    const covered = assembly.ofType('AWS::SQS::QueuePolicy').flatMap((found) => {
      const { Queues, PolicyDocument } = policy.parse(found.properties);
      expect(JSON.stringify(PolicyDocument)).toContain('"aws:SecureTransport":"false"');
      return Queues.map((each) => keyOf(assembly.target(found, each)));
    });
    expect(covered.toSorted()).toEqual(
      queuesOf(assembly)
        .map(({ found }) => keyOf(found))
        .toSorted(),
    );
  });

  it('tells every sender the queues of its jobs, and allows it to send to those alone', () => {
    const jobs = Object.keys(cabinetDaily.jobs);
    const named = [...jobs, wakeOf(cabinetDaily)];
    const senders = assembly.ofType('AWS::Lambda::Function').filter((found) => {
      const { Environment, Role } = lambda.parse(found.properties);
      const sends = allowedBy(assembly, found, Role)
        .filter(({ actions, resource }) => actions.includes('sqs:SendMessage') && Array.isArray(resource))
        .flatMap(({ resource }) => z.array(z.unknown()).parse(resource))
        .map((each) => queue.parse(assembly.target(found, each).properties).QueueName);
      const urls = JSON.stringify(Environment?.Variables['QUEUES'] ?? '');
      expect(
        named.filter((job) => urls.includes(`\\"${job}\\":\\"`)),
        found.id,
      ).toEqual(sends.length > 0 ? named : []);
      expect(sends.toSorted(), found.id).toEqual(
        sends.length > 0 ? named.map((job) => `cuadre-${job.replace('.', '-')}`).toSorted() : [],
      );
      return sends.length > 0;
    });
    // The jobs, the planner, the dead letters' consumer, the sweeper and the operator's three parts of the API.
    expect(senders).toHaveLength(jobs.length + 6);
  });
}
