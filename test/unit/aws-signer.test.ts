import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodePath,
  hashOf,
  presign,
  type Signing,
  signHeaders,
  UNSIGNED,
} from '../../functions/core/aws-signer.ts';
import { iamToken } from '../../functions/core/credentials.ts';

/** The key, date and region of AWS's published test suite and documentation examples. */
const published: Signing = {
  service: 'service',
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  now: new Date('2015-08-30T12:36:00Z'),
};
const request = { method: 'GET', host: 'example.amazonaws.com', query: [], headers: {}, body: '' };

describe('published vectors', () => {
  test.each([
    { name: 'get-vanilla', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
    {
      name: 'get-vanilla-query-order-key-case',
      query: [['Param2', 'value2'] as const, ['Param1', 'value1'] as const],
      signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    },
    {
      name: 'post-vanilla',
      method: 'POST',
      signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    },
    {
      name: 'post-header-value-case',
      method: 'POST',
      headers: { 'My-Header1': 'VALUE1' },
      signature: 'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    },
  ])('$name', ({ name: _, signature, ...change }) => {
    const { authorization } = signHeaders({ ...request, ...change }, published);
    expect(authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });

  test('the documentation: IAM ListUsers, the whole header', () => {
    const headers = signHeaders(
      {
        ...request,
        host: 'iam.amazonaws.com',
        query: [
          ['Version', '2010-05-08'],
          ['Action', 'ListUsers'],
        ],
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
      },
      { ...published, service: 'iam' },
    );
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
        'SignedHeaders=content-type;host;x-amz-date, ' +
        'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    );
  });

  test('the documentation of S3: a link to an object', () => {
    const link = presign(
      {
        host: 'examplebucket.s3.amazonaws.com',
        path: '/test.txt',
        query: [],
        body: UNSIGNED,
        expiresSeconds: 86_400,
      },
      {
        service: 's3',
        region: 'us-east-1',
        credentials: {
          accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
          secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        },
        now: new Date('2013-05-24T00:00:00Z'),
      },
    );
    expect(link).toBe(
      'examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  test('an RDS token, as the Python SDK signs it', () => {
    const token = iamToken(
      {
        DB_HOST: 'prod-instance.us-east-1.rds.amazonaws.com',
        DB_PORT: 3306,
        DB_USER: 'someusername',
        DB_AUTH: 'iam',
      },
      { region: 'us-east-1', credentials: { accessKeyId: 'akid', secretAccessKey: 'skid' } },
      new Date('2016-11-07T17:39:33Z'),
    );
    expect(token).toBe(
      'prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername' +
        '&X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request' +
        '&X-Amz-Date=20161107T173933Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61',
    );
  });
});

/** The hash that the other implementation asks for. */
class Sha256 {
  readonly #hash;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytes(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a new hash is made for each use');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

describe("the same signatures as the SDK's own signer", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/);
  const signing = fc.record({
    service: word,
    region: word,
    credentials: fc.record(
      {
        accessKeyId: word,
        secretAccessKey: fc.string({ minLength: 1 }),
        sessionToken: fc.string({ minLength: 1 }),
      },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    ),
    now: fc.date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
  });
  // Whole characters: half a surrogate pair has no URL encoding. Their signer keeps queries in objects, which take
  // no key __proto__.
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((any) => any !== '__proto__');
  const query = fc.dictionary(name, fc.string({ unit: 'grapheme' }));
  const headers = fc.dictionary(
    fc.stringMatching(/^h-[a-z0-9-]{1,10}$/),
    fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  );
  const host = fc.stringMatching(/^[a-z]{1,9}([.-][a-z]{1,9}){0,2}$/);
  const reference = ({ service, region, credentials }: Signing) =>
    new SignatureV4({
      service,
      region,
      credentials: definedToken(credentials),
      sha256: Sha256,
      applyChecksum: false,
    });

  test('in headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        signing,
        query,
        headers,
        host,
        fc.string(),
        async (options, params, given, name, body) => {
          const theirs = await reference(options).sign(
            {
              method: 'POST',
              protocol: 'https:',
              hostname: name,
              path: '/',
              query: params,
              headers: { ...given, host: name },
              body,
            },
            { signingDate: options.now },
          );
          const ours = signHeaders(
            { method: 'POST', host: name, query: Object.entries(params), headers: given, body },
            options,
          );
          expect({ ...ours, host: name }).toEqual(theirs.headers);
        },
      ),
    );
  });

  const key = fc.string({ minLength: 1, unit: 'grapheme' }).filter((any) => !/[\\/.?#]/.test(any));
  const s3 = (options: Signing) =>
    new SignatureV4({
      ...options,
      credentials: definedToken(options.credentials),
      sha256: Sha256,
      applyChecksum: false,
      uriEscapePath: false,
    });

  test('for an object of S3, whatever its key, in headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        signing,
        query,
        headers,
        host,
        fc.array(key),
        async (options, params, given, name, keys) => {
          const path = encodePath(`/${keys.join('/')}`);
          const all = { ...given, 'x-amz-content-sha256': hashOf(UNSIGNED) };
          const theirs = await s3(options).sign(
            {
              method: 'PUT',
              protocol: 'https:',
              hostname: name,
              path,
              query: params,
              headers: { ...all, host: name },
            },
            { signingDate: options.now },
          );
          const ours = signHeaders(
            { method: 'PUT', host: name, path, query: Object.entries(params), headers: all, body: UNSIGNED },
            options,
          );
          expect({ ...ours, host: name }).toEqual(theirs.headers);
        },
      ),
    );
  });

  test('for an object of S3, as a link to upload exactly so much of such a type', async () => {
    await fc.assert(
      fc.asyncProperty(signing, host, fc.array(key), fc.nat(), async (options, name, keys, length) => {
        const path = encodePath(`/${keys.join('/')}`);
        const given = { 'content-type': 'text/csv', 'content-length': String(length) };
        // Theirs moves this header into the query; ours needs it nowhere, and signs it there as well.
        const hash = ['x-amz-content-sha256', hashOf(UNSIGNED)] as const;
        const theirs = await s3(options).presign(
          {
            method: 'PUT',
            protocol: 'https:',
            hostname: name,
            path,
            query: {},
            headers: { ...given, host: name, [hash[0]]: hash[1] },
          },
          { signingDate: options.now, expiresIn: 900 },
        );
        const ours = presign(
          {
            method: 'PUT',
            host: name,
            path,
            query: [hash],
            headers: given,
            body: UNSIGNED,
            expiresSeconds: 900,
          },
          options,
        );
        expect(Object.fromEntries(new URL(`https://${ours}`).searchParams)).toEqual(theirs.query);
      }),
    );
  });

  test('in the query', async () => {
    await fc.assert(
      fc.asyncProperty(
        signing,
        query,
        host,
        fc.integer({ min: 1, max: 604_800 }),
        async (options, params, name, expiresIn) => {
          const theirs = await reference(options).presign(
            {
              method: 'GET',
              protocol: 'https:',
              hostname: name,
              path: '/',
              query: params,
              headers: { host: name },
            },
            { signingDate: options.now, expiresIn },
          );
          const ours = presign(
            { host: name, query: Object.entries(params), expiresSeconds: expiresIn },
            options,
          );
          const parsed = Object.fromEntries(new URL(`https://${ours}`).searchParams);
          expect(parsed).toEqual(theirs.query);
        },
      ),
    );
  });
});

function definedToken({ sessionToken, ...keys }: Signing['credentials']) {
  return sessionToken === undefined ? keys : { ...keys, sessionToken };
}
