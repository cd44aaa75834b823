import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { DatabaseLogin, DatabaseRole } from './database.ts';

/** The PostgreSQL user of a role; the owner's depends on who made the database. */
export function userOf(role: Exclude<DatabaseRole, 'owner'>): string {
  return `cuadre_${role}`;
}

/**
 * A token signed by the function's own role, valid for the one user.
 * @param resourceId of the cluster, instance or proxy, as in `rds-db:connect` ARNs
 */
export function iamLogin(resourceId: string, user: string): DatabaseLogin {
  return {
    environment: { DB_AUTH: 'iam', DB_USER: user },
    statements: (scope) => [
      new PolicyStatement({
        actions: ['rds-db:connect'],
        resources: [
          Stack.of(scope).formatArn({
            service: 'rds-db',
            resource: 'dbuser',
            resourceName: `${resourceId}/${user}`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    ],
  };
}

/** User and password from a secret, which the function reads when it connects. */
export function secretLogin(secretArn: string, user: string, kmsKeyArn?: string): DatabaseLogin {
  return {
    environment: { DB_AUTH: 'secret', DB_USER: user, DB_SECRET_ARN: secretArn },
    statements: () => [
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] }),
      ...(kmsKeyArn === undefined
        ? []
        : [new PolicyStatement({ actions: ['kms:Decrypt'], resources: [kmsKeyArn] })]),
    ],
  };
}
