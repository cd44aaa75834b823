import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { localCredentials } from '../../../infra/local/lambda/variables.ts';
import { att, queues, ref } from './support/app.ts';
import { runApp } from './support/stack.ts';

/** Sends by the SDK, which knows where to from its environment alone. */
const sender = `
  import { SendMessageCommand, SQSClient } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-sqs'))};
  const client = new SQSClient({ maxAttempts: 1 });
  export const handler = async ({ url }) => {
    const { MessageId } = await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'hello' }));
    return MessageId;
  };`;

const reader = `
  export const handler = async ({ id }) => {
    const response = await fetch(process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
        authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260101/us-east-1/x/aws4_request',
      },
      body: JSON.stringify({ SecretId: id }),
    });
    return { status: response.status, ...(await response.json()) };
  };`;

const parts = {
  functions: { sender, reader },
  resources: {
    ...queues('open', 3),
    ...queues('closed', 3),
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'own', SecretString: 'mine' } },
    Other: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'other', SecretString: 'not mine' } },
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'p',
        Roles: [ref('Role')],
        PolicyDocument: {
          Statement: [
            { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: att('open', 'Arn') },
            { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ref('Secret') },
          ],
        },
      },
    },
  },
};

describe('a function', () => {
  test('sends to the queues that its role allows, and to no other', async () => {
    const stack = await runApp(parts);
    const allowed = await stack.invoke('sender', { url: stack.queues.queue('open').url });
    const { messageId } = await stack.trail.waitFor('message.sent');
    expect(allowed.result).toBe(messageId);
    const denied = await stack.invoke('sender', { url: stack.queues.queue('closed').url });
    expect(denied.error).toMatchObject({
      errorType: 'AccessDeniedException',
      errorMessage: expect.stringMatching(
        /sender is not authorized to perform: sqs:SendMessage on resource: .*:closed/,
      ),
    });
    expect(stack.trail.all('message.sent')).toHaveLength(1);
  });

  test('reads the secrets that its role allows, and no other', async () => {
    const stack = await runApp(parts);
    const own = await stack.invoke('reader', {
      id: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:own-LoCaL0',
    });
    expect(own.result).toMatchObject({ status: 200, SecretString: 'mine' });
    const other = await stack.invoke('reader', {
      id: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:other-LoCaL0',
    });
    expect(other.result).toMatchObject({ status: 400, __type: 'AccessDeniedException' });
  });
});

test('a person on this machine may do what no role forbids', async () => {
  const stack = await runApp(parts);
  const client = new SQSClient({
    endpoint: stack.urls.sqs,
    region: 'us-east-1',
    credentials: localCredentials,
  });
  const sent = await client.send(
    new SendMessageCommand({ QueueUrl: stack.queues.queue('closed').url, MessageBody: 'by hand' }),
  );
  expect((await stack.trail.waitFor('message.sent')).messageId).toBe(sent.MessageId);
  client.destroy();
});
