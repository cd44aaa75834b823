import * as z from 'zod';
import type { Assembly, Found } from '../assembly.ts';

export interface Allowed {
  readonly actions: readonly string[];
  readonly resource: unknown;
}

/** What the policies attached to a function's role allow. */
export function allowedBy(assembly: Assembly, from: Found, role: unknown): Allowed[] {
  const policy = z.object({
    Roles: z.array(z.unknown()),
    PolicyDocument: z.object({
      Statement: z.array(
        z.object({
          Effect: z.string(),
          Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
          Resource: z.unknown(),
        }),
      ),
    }),
  });
  const { id } = assembly.target(from, role);
  return assembly
    .ofType('AWS::IAM::Policy')
    .filter(({ stack }) => stack === from.stack)
    .flatMap((found) => {
      const { Roles, PolicyDocument } = policy.parse(found.properties);
      if (!Roles.some((each) => assembly.target(found, each).id === id)) return [];
      return PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').map(
        ({ Action, Resource }) => ({
          actions: Action,
          resource: Resource,
        }),
      );
    });
}
