import { existsSync } from 'node:fs';
import type { Endpoints } from '../assembly/types.ts';
import { REGION } from '../assembly/types.ts';

/** Access key and secret of the people on this machine; they open nothing anywhere else. */
export const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/** Who calls is known by it: each function has its own. */
export function accessKeyOf(functionName: string): string {
  return `${localCredentials.accessKeyId}.${functionName}`;
}

export interface VariableParts {
  readonly functionName: string;
  readonly handler: string;
  readonly runtime: string;
  readonly memoryMb: number;
  readonly taskRoot: string;
  readonly endpoints: Endpoints;
  /** From the template. */
  readonly given: Readonly<Record<string, string>>;
}

/** Everything that a function's process finds in its environment: what the template says and what Lambda adds. */
export function environmentVariables(parts: VariableParts): Record<string, string> {
  const { functionName, endpoints, given } = parts;
  return {
    ...usable(given),
    TZ: 'UTC',
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyOf(functionName),
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: 'local',
    AWS_EXECUTION_ENV: `AWS_Lambda_${parts.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(parts.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local/[$LATEST]',
    _HANDLER: parts.handler,
    LAMBDA_TASK_ROOT: parts.taskRoot,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_SNS: endpoints.sqs,
    AWS_ENDPOINT_URL_S3: endpoints.sqs,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.aws,
    AWS_ENDPOINT_URL_SCHEDULER: endpoints.aws,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.aws,
  };
}

/** Node.js warns of certificates that are not there; those of the Lambda image are only there. */
function usable(given: Readonly<Record<string, string>>): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS: certificates, ...others } = given;
  if (certificates === undefined || !existsSync(certificates)) return others;
  return { ...others, NODE_EXTRA_CA_CERTS: certificates };
}

/**
 * A template may write the port that it gave its cluster as a literal beside the cluster's address. The embedded
 * server has that address with a port of its own.
 */
export function withDatabasePort(
  given: Readonly<Record<string, string>>,
  cluster: { readonly host: string; readonly templatePort: number; readonly port: number } | undefined,
): Record<string, string> {
  if (cluster === undefined || !Object.values(given).includes(cluster.host)) return { ...given };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value === String(cluster.templatePort) ? String(cluster.port) : value,
    ]),
  );
}
