import * as z from 'zod';
import { flag, inertProperty, tags, textMap, whole } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played, REGION } from '../assembly/types.ts';

export function functionArn(name: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
}

/** The name in any of the forms that Lambda takes: a name, an ARN, a partial ARN, each with a qualifier or without. */
export function functionName(reference: string): string {
  const parts = reference.split(':');
  const at = parts.indexOf('function');
  return (at >= 0 ? parts[at + 1] : parts[0]) ?? reference;
}

/** A published version when the reference is qualified with its number; an alias's is not looked up. */
export function versionOf(reference: string): string {
  const qualifier = /:(\d+)$/.exec(reference)?.[1];
  return qualifier !== undefined && functionName(reference) !== qualifier ? qualifier : '$LATEST';
}

const noNetwork = 'everything is on 127.0.0.1';

export const lambdaFunction = played(
  'AWS::Lambda::Function',
  z.strictObject({
    FunctionName: z.string().optional(),
    Description: inertProperty('it is for the console'),
    Runtime: z.enum(['nodejs20.x', 'nodejs22.x', 'nodejs24.x']),
    Handler: z.string(),
    Code: z.union([
      z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
      z.strictObject({ ZipFile: z.string() }),
    ]),
    Role: z.string(),
    Timeout: whole.default(3),
    MemorySize: whole.default(128),
    Environment: z.strictObject({ Variables: textMap.default({}) }).optional(),
    ReservedConcurrentExecutions: whole.optional(),
    Architectures: inertProperty('JavaScript runs on this machine’s processor'),
    EphemeralStorage: inertProperty('/tmp is this machine’s'),
    KmsKeyArn: inertProperty('nothing is encrypted on 127.0.0.1'),
    LoggingConfig: inertProperty('logs go to whoever started the stack'),
    RuntimeManagementConfig: inertProperty('the project’s own Node.js runs'),
    TracingConfig: inertProperty('there is no X-Ray'),
    VpcConfig: inertProperty(noNetwork),
    Tags: tags,
  }),
  (naming) => {
    const name = nameOf(naming, 'FunctionName');
    return { ref: name, attributes: { Arn: functionArn(name) } };
  },
);

export const functionVersion = played(
  'AWS::Lambda::Version',
  z.strictObject({ FunctionName: z.string(), Description: inertProperty('it is for the console') }),
  (naming) => {
    const arn = `${functionArn(functionName(String(naming.property('FunctionName'))))}:1`;
    return { ref: arn, attributes: { Version: '1', FunctionArn: arn } };
  },
);

export const functionAlias = played(
  'AWS::Lambda::Alias',
  z.strictObject({
    FunctionName: z.string(),
    FunctionVersion: z.string(),
    Name: z.string(),
    Description: inertProperty('it is for the console'),
  }),
  (naming) => {
    const name = functionName(String(naming.property('FunctionName')));
    const arn = `${functionArn(name)}:${String(naming.property('Name'))}`;
    return { ref: arn, attributes: { AliasArn: arn } };
  },
);

export const functionPermission = played(
  'AWS::Lambda::Permission',
  z.strictObject({
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
    SourceAccount: z.string().optional(),
  }),
  ({ logicalId }) => ({ ref: logicalId }),
);

const destination = z.strictObject({
  Destination: z.string().startsWith('arn:aws:sqs:', 'only a queue is played'),
});

export const eventInvokeConfig = played(
  'AWS::Lambda::EventInvokeConfig',
  z.strictObject({
    FunctionName: z.string(),
    Qualifier: z.string(),
    MaximumRetryAttempts: whole.min(0).max(2).default(2),
    MaximumEventAgeInSeconds: whole.min(60).max(21_600).default(21_600),
    DestinationConfig: z.strictObject({ OnFailure: destination.optional() }).default({}),
  }),
  ({ logicalId }) => ({ ref: logicalId }),
);

export const eventSourceMapping = played(
  'AWS::Lambda::EventSourceMapping',
  z.strictObject({
    EventSourceArn: z.string().startsWith('arn:aws:sqs:', 'only a queue is played'),
    FunctionName: z.string(),
    BatchSize: whole.min(1).max(10_000).default(10),
    MaximumBatchingWindowInSeconds: whole.min(0).max(300).default(0),
    Enabled: flag.default(true),
    FunctionResponseTypes: z.array(z.enum(['ReportBatchItemFailures'])).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: whole.min(2).max(1_000) }).optional(),
    Tags: tags,
  }),
  (naming) => ({ ref: naming.suggestedName }),
);
