import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { objectStore } from '../../../functions/core/object-store.ts';
import { localCredentials } from '../../../infra/local/lambda/variables.ts';
import type { Stack } from '../../../infra/local/stack.ts';
import { att, ref } from './support/app.ts';
import { runApp, virtualClock } from './support/stack.ts';

const curl = promisify(execFile);

/** As a function uses S3: by the core's store, which knows where to from its environment alone. */
const keeper = `
  import { objectStore } from ${JSON.stringify(import.meta.resolve('../../../functions/core/object-store.ts'))};
  const store = objectStore(process.env.FILES_BUCKET);
  async function* text(of) { yield Buffer.from(of); }
  export const handler = async ({ put, get, find, remove, upload, download }) => {
    if (put) return store.put({ key: put, contentType: 'text/csv', chunks: text('a,b\\r\\n'), metadata: () => ({ rows: '0' }) });
    if (find) return (await store.find(find)) ?? null;
    if (remove) return store.delete(remove);
    if (upload) return store.presignPut(upload, { contentType: 'text/csv', contentLength: 3, expiresSeconds: 60 });
    if (download) return store.presignGet(download, { expiresSeconds: 60, contentDisposition: 'attachment; filename="d.csv"' });
    const { body } = await store.get(get);
    return Buffer.concat(await Array.fromAsync(body)).toString();
  };`;

const parts = {
  functions: { keeper },
  functionProperties: { keeper: { Environment: { Variables: { FILES_BUCKET: ref('Files') } } } },
  resources: {
    Files: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'files',
        LifecycleConfiguration: {
          Rules: [
            { Id: 'parts', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
            { Id: 'exports', Status: 'Enabled', Prefix: 'exports/', ExpirationInDays: 3 },
          ],
        },
      },
    },
    FilesPolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: ref('Files'), PolicyDocument: {} } },
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'p',
        Roles: [ref('Role')],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Action: ['s3:GetObject', 's3:PutObject'],
              Resource: { 'Fn::Join': ['', [att('Files', 'Arn'), '/exports/*']] },
            },
            { Effect: 'Allow', Action: 's3:ListBucket', Resource: att('Files', 'Arn') },
          ],
        },
      },
    },
  },
};

/** What a person on this machine does. */
function own(stack: Stack) {
  return objectStore('files', {
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      AWS_ENDPOINT_URL_S3: stack.urls.s3,
    },
  });
}

async function* text(of: string) {
  yield Buffer.from(of);
}

async function read(stack: Stack, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await own(stack).get(key)).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const invoke = async (stack: Stack, event: object) => {
  const { result, error } = await stack.invoke('keeper', event);
  return error === undefined ? result : error;
};

describe('a function', () => {
  test('does with objects what its role allows below its prefix, and nothing else', async () => {
    const stack = await runApp(parts);
    expect(await invoke(stack, { put: 'exports/a.csv' })).toBe(5);
    expect(await invoke(stack, { get: 'exports/a.csv' })).toBe('a,b\r\n');
    expect(await invoke(stack, { find: 'exports/a.csv' })).toMatchObject({
      bytes: 5,
      metadata: { rows: '0' },
    });
    expect(await invoke(stack, { find: 'exports/b.csv' })).toBeNull();
    expect(stack.trail.all('object.stored')).toMatchObject([{ bucket: 'files', key: 'exports/a.csv' }]);
    for (const [event, action] of [
      [{ put: 'uploads/a.csv' }, 's3:PutObject'],
      [{ get: 'uploads/a.csv' }, 's3:GetObject'],
      [{ remove: 'exports/a.csv' }, 's3:DeleteObject'],
    ] as const) {
      expect(await invoke(stack, event)).toMatchObject({
        errorType: 'PermanentError',
        errorMessage: expect.stringMatching(
          new RegExp(
            `AccessDenied, User: .*/keeper is not authorized to perform: ${action} on resource: arn:aws:s3:::files/`,
          ),
        ),
      });
    }
    expect(await own(stack).find('exports/a.csv')).toMatchObject({ bytes: 5 });
  });

  test('that may not list is not told that an object is not there', async () => {
    const [objects] = parts.resources.Policy.Properties.PolicyDocument.Statement;
    const stack = await runApp({
      ...parts,
      resources: {
        ...parts.resources,
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: { PolicyName: 'p', Roles: [ref('Role')], PolicyDocument: { Statement: [objects] } },
        },
      },
    });
    await invoke(stack, { put: 'exports/a.csv' });
    expect(await invoke(stack, { find: 'exports/a.csv' })).toMatchObject({ bytes: 5 });
    expect(await invoke(stack, { find: 'exports/b.csv' })).toMatchObject({ errorType: 'PermanentError' });
  });
});

describe('links', () => {
  const upload = z.object({ url: z.string() });
  const status = ['-s', '-o', '/dev/null', '-w', '%{http_code}'];

  test('are used with curl, by whoever has them, until they expire', async () => {
    const stack = await runApp(parts);
    await invoke(stack, { put: 'exports/a.csv' });
    const link = z.string().parse(await invoke(stack, { download: 'exports/a.csv' }));
    expect(link.startsWith(`${stack.urls.s3}/files/exports/a.csv?`)).toBe(true);
    const { stdout } = await curl('curl', ['-s', '-i', link]);
    expect(stdout).toMatch(
      /^HTTP\/1.1 200[\s\S]*content-disposition: attachment; filename="d.csv"[\s\S]*a,b\r\n$/i,
    );
    virtualClock().advance(61_000);
    expect((await curl('curl', [...status, link])).stdout).toBe('403');
  });

  test('allow no more than the role of the function that signed them', async () => {
    const stack = await runApp(parts);
    const directory = mkdtempSync(join(tmpdir(), 'cuadre-upload-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'x.csv'), 'a,b');
    const send = async (key: string) => {
      const { url } = upload.parse(await invoke(stack, { upload: key }));
      const put = ['-T', join(directory, 'x.csv'), '-H', 'content-type: text/csv', url];
      return (await curl('curl', [...status, ...put])).stdout;
    };
    expect(await send('exports/x.csv')).toBe('200');
    expect(await send('uploads/x.csv')).toBe('403');
    expect(await own(stack).find('exports/x.csv')).toMatchObject({ bytes: 3 });
    expect(await own(stack).find('uploads/x.csv')).toBeUndefined();
  });
});

test('takes an upload larger than a part', async () => {
  const stack = await runApp(parts);
  const length = 20 * 1024 * 1024;
  const { url, headers } = own(stack).presignPut('uploads/large.csv', {
    contentType: 'text/csv',
    contentLength: length,
    expiresSeconds: 60,
  });
  const type = { 'content-type': headers['content-type'] };
  expect((await fetch(url, { method: 'PUT', headers: type, body: Buffer.alloc(length) })).status).toBe(200);
  expect(await own(stack).find('uploads/large.csv')).toMatchObject({ bytes: length });
});

test('refuses a body that its checksum does not fit', async () => {
  const stack = await runApp(parts);
  const damaged = await fetch(`${stack.urls.s3}/files/uploads/x`, {
    method: 'PUT',
    headers: { authorization: 'Credential=local/', 'x-amz-checksum-crc32': 'AAAAAA==' },
    body: 'not what it was',
  });
  expect([damaged.status, await damaged.text()]).toEqual([400, expect.stringContaining('BadDigest')]);
});

test('keeps objects between starts, as long as the bucket’s rules say', async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'cuadre-state-'));
  onTestFinished(() => rmSync(stateDirectory, { recursive: true, force: true }));
  const first = await runApp(parts, { stateDirectory });
  for (const key of ['exports/a.csv', 'uploads/a.csv']) {
    await own(first).put({
      key,
      contentType: 'text/csv',
      chunks: text('kept'),
      metadata: () => ({ rows: '1' }),
    });
  }
  await first.stop();
  const second = await runApp(parts, { stateDirectory });
  expect(await read(second, 'exports/a.csv')).toBe('kept');
  expect(await own(second).find('exports/a.csv')).toMatchObject({
    contentType: 'text/csv',
    metadata: { rows: '1' },
  });
  await second.stop();
  virtualClock().advance(4 * 86_400_000);
  const third = await runApp(parts, { stateDirectory });
  expect([...(await keys(third))]).toEqual(['uploads/a.csv']);
});

async function keys(stack: Stack): Promise<string[]> {
  const listed = await fetch(`${stack.urls.s3}/files?list-type=2`, {
    headers: { authorization: 'Credential=local/' },
  });
  return [...(await listed.text()).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = '']) => key);
}
