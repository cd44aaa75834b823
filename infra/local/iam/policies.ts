import type { World } from '../assembly/world.ts';
import { managedPolicy, policy, role, type Statement } from './types.ts';

/** What AWS's own policies, as far as functions of a template use them, allow on any resource. */
const awsManaged: Readonly<Record<string, readonly string[]>> = {
  AWSLambdaBasicExecutionRole: ['logs:*'],
  AWSLambdaVPCAccessExecutionRole: ['logs:*', 'ec2:*NetworkInterface*'],
  AWSLambdaSQSQueueExecutionRole: [
    'logs:*',
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
  ],
  AWSXRayDaemonWriteAccess: ['xray:*'],
};

/** The policies of every role of the template: enough to say whether a role may do a thing to a resource. */
export class Permissions {
  readonly #statements = new Map<string, Statement[]>();

  constructor(world: World) {
    const managed = world.all(managedPolicy);
    for (const { identity, properties } of world.all(role)) {
      const statements = properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      for (const arn of properties.ManagedPolicyArns) {
        const own = managed.find((one) => one.identity.ref === arn);
        statements.push(...(own?.properties.PolicyDocument.Statement ?? awsStatements(arn)));
      }
      this.#statements.set(identity.ref, statements);
    }
    for (const { properties } of [...world.all(policy), ...managed]) {
      for (const name of properties.Roles) {
        this.#statements.get(name)?.push(...properties.PolicyDocument.Statement);
      }
    }
  }

  /** Is the role one of the template's? Another's policies cannot be known here. */
  knows(roleArn: string): boolean {
    return this.#statements.has(roleName(roleArn));
  }

  /** An allowing statement and no denying one. A denial with a condition is not applied: nothing here meets one. */
  allows(roleArn: string, action: string, resource: string): boolean {
    const matching = (this.#statements.get(roleName(roleArn)) ?? []).filter(
      (statement) =>
        statement.Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
        statement.Resource.some((pattern) => matches(pattern, resource)),
    );
    return (
      matching.some(({ Effect }) => Effect === 'Allow') &&
      !matching.some(({ Effect, Condition }) => Effect === 'Deny' && Condition === undefined)
    );
  }
}

function roleName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function awsStatements(arn: string): Statement[] {
  const actions = awsManaged[arn.slice(arn.lastIndexOf('/') + 1)];
  return actions === undefined ? [] : [{ Effect: 'Allow', Action: [...actions], Resource: ['*'] }];
}

/** `*` is any text, `?` any character. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}
