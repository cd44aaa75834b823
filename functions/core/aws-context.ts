import type { AwsCredentials } from './aws-signer.ts';
import { PermanentError } from './errors.ts';

/** Who a Lambda is to AWS, and where: its role's credentials are in its environment. */
export interface AwsContext {
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** @param why who needs it, for the message of the PermanentError when a variable is missing */
export function awsContext(environment: NodeJS.ProcessEnv, why: string): AwsContext {
  const need = (name: string) => {
    const value = environment[name];
    if (value === undefined || value === '') throw missing(name, why);
    return value;
  };
  return {
    region: need('AWS_REGION'),
    credentials: {
      accessKeyId: need('AWS_ACCESS_KEY_ID'),
      secretAccessKey: need('AWS_SECRET_ACCESS_KEY'),
      sessionToken: environment['AWS_SESSION_TOKEN'],
    },
  };
}

/** Where the region's endpoints are. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

export function missing(name: string, why: string): PermanentError {
  return new PermanentError(`the environment variable ${name} is missing: ${why}`, { code: 'ENVIRONMENT' });
}
