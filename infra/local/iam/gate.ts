import { ACCOUNT } from '../assembly/types.ts';
import type { LocalFunction } from '../lambda/function.ts';
import { accessKeyOf } from '../lambda/variables.ts';
import type { Permissions } from './policies.ts';

/** Why a call is not allowed; undefined when it is. */
export type Gate = (
  authorization: string | undefined,
  action: string,
  resource: string,
) => string | undefined;

/**
 * Lets a function call only what its role in the template allows. Functions are known by the access key in their
 * environment; whoever else calls is a person on this machine, who may do everything.
 */
export function gateOf(permissions: Permissions, functions: ReadonlyMap<string, LocalFunction>): Gate {
  const callers = new Map([...functions.values()].map((one) => [accessKeyOf(one.name), one]));
  return (authorization, action, resource) => {
    const key = /Credential=([^/,\s]+)\//.exec(authorization ?? '')?.[1];
    const caller = key === undefined ? undefined : callers.get(key);
    if (caller === undefined || !permissions.knows(caller.roleArn)) return undefined;
    if (permissions.allows(caller.roleArn, action, resource)) return undefined;
    const role = caller.roleArn.slice(caller.roleArn.lastIndexOf('/') + 1);
    return `User: arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${caller.name} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  };
}
