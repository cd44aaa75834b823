import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export type Resources = Readonly<Record<string, object>>;

export interface AppParts {
  /** Source of each function's `index.mjs`, by logical id; its resource is made around it. */
  readonly functions?: Readonly<Record<string, string>>;
  /** Properties over those that a function gets. */
  readonly functionProperties?: Readonly<Record<string, object>>;
  readonly resources?: Resources;
  /** Other sections of the template. */
  readonly template?: object;
  /** Further stacks, each after `app`. */
  readonly stacks?: Readonly<Record<string, { readonly Resources: Resources; readonly Outputs?: object }>>;
}

const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' };

const written: string[] = [];
// Here and not in the tests: one that fails between writing its app and saying how to delete it would leave it behind.
afterAll(() => {
  for (const directory of written.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** The folder of a synthesized app as small as a test needs it: one stack `app`, one asset per function. Goes with the file's tests. */
export function writeApp(parts: AppParts): string {
  const directory = mkdtempSync(join(tmpdir(), 'cuadre-app-'));
  written.push(directory);
  const files: Record<string, object> = {};
  const resources: Record<string, object> = {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {},
        Policies: [{ PolicyName: 'all', PolicyDocument: { Statement: [allowAll] } }],
      },
    },
  };
  for (const [logicalId, source] of Object.entries(parts.functions ?? {})) {
    const folder = `asset.${logicalId}`;
    mkdirSync(join(directory, folder));
    writeFileSync(join(directory, folder, 'index.mjs'), source);
    files[logicalId] = {
      source: { path: folder, packaging: 'zip' },
      destinations: { here: { bucketName: 'assets', objectKey: `${logicalId}.zip` } },
    };
    resources[logicalId] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: logicalId,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: { S3Bucket: 'assets', S3Key: `${logicalId}.zip` },
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Timeout: 10,
        ...parts.functionProperties?.[logicalId],
      },
    };
  }
  const stacks: Record<string, object> = {
    app: { Resources: { ...resources, ...parts.resources }, ...parts.template },
    ...parts.stacks,
  };
  const artifacts: Record<string, object> = {};
  for (const [name, template] of Object.entries(stacks)) {
    writeFileSync(join(directory, `${name}.template.json`), JSON.stringify(template));
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json` },
      dependencies: name === 'app' ? [] : ['app'],
    };
  }
  writeFileSync(join(directory, 'app.assets.json'), JSON.stringify({ files }));
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ artifacts }));
  return directory;
}

export const ref = (logicalId: string) => ({ Ref: logicalId });
export const att = (logicalId: string, attribute: string) => ({ 'Fn::GetAtt': [logicalId, attribute] });

/** A queue with its dead-letter queue, named after the logical id. */
export function queues(logicalId: string, maxReceiveCount: number, visibilityTimeout = 60): Resources {
  return {
    [logicalId]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: logicalId,
        VisibilityTimeout: visibilityTimeout,
        RedrivePolicy: { deadLetterTargetArn: att(`${logicalId}Dlq`, 'Arn'), maxReceiveCount },
      },
    },
    [`${logicalId}Dlq`]: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `${logicalId}-dlq` } },
  };
}

export function mapping(functionId: string, queueId: string, properties: object = {}): Resources {
  return {
    [`${functionId}Reads${queueId}`]: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: ref(functionId),
        EventSourceArn: att(queueId, 'Arn'),
        BatchSize: 1,
        ...properties,
      },
    },
  };
}
