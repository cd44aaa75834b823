import { presign, UNSIGNED } from '../../../functions/core/aws-signer.ts';
import { localCredentials } from '../lambda/variables.ts';
import type { ObjectCall } from './operation.ts';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const MOST_SECONDS = 604_800;

export function isPresigned({ url }: ObjectCall): boolean {
  return url.searchParams.has('X-Amz-Signature');
}

/**
 * Why a link that carries its signature is not honoured: it has expired, or is not what was signed, be it the key,
 * the length, the type or the file name. Every key of this machine has the same secret.
 */
export function refusedLink(call: ObjectCall, now: number): Refusal | undefined {
  const given = (name: string) => call.url.searchParams.get(name) ?? '';
  const [accessKeyId = '', date = '', region = '', service = ''] = given('X-Amz-Credential').split('/');
  const signedAt = instantOf(given('X-Amz-Date'));
  const expiresSeconds = Number(given('X-Amz-Expires'));
  if (signedAt === undefined || !given('X-Amz-Date').startsWith(date) || !(expiresSeconds <= MOST_SECONDS)) {
    return {
      status: 400,
      code: 'AuthorizationQueryParametersError',
      message: 'X-Amz-Date, X-Amz-Credential and X-Amz-Expires do not go together',
    };
  }
  if (now > signedAt.getTime() + expiresSeconds * 1000) {
    return { status: 403, code: 'AccessDenied', message: 'Request has expired' };
  }
  const headers = Object.fromEntries(
    given('X-Amz-SignedHeaders')
      .split(';')
      .filter((name) => name !== 'host')
      .map((name) => [name, call.headers[name] ?? '']),
  );
  const token = given('X-Amz-Security-Token');
  const expected = presign(
    {
      method: call.method,
      host: call.headers['host'] ?? '',
      path: call.url.pathname,
      query: [...call.url.searchParams].filter(([name]) => !name.startsWith('X-Amz-')),
      headers,
      body: UNSIGNED,
      expiresSeconds,
    },
    {
      service,
      region,
      now: signedAt,
      credentials: {
        accessKeyId,
        secretAccessKey: localCredentials.secretAccessKey,
        sessionToken: token === '' ? undefined : token,
      },
    },
  );
  if (expected.endsWith(`&X-Amz-Signature=${given('X-Amz-Signature')}`)) return undefined;
  return {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message: 'The request signature we calculated does not match the signature you provided.',
  };
}

/** `20150830T123600Z` */
function instantOf(stamp: string): Date | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  return year === undefined ? undefined : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
