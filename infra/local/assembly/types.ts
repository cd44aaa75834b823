import type * as z from 'zod';

/** The account and region that the local stack pretends to be: the queue server's own account. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** Addresses that resources get from the servers playing them; known before anything is resolved. */
export interface Endpoints {
  /** e.g. http://127.0.0.1:41001 */
  readonly sqs: string;
  readonly aws: string;
  readonly api: string;
  readonly database: { readonly host: string; readonly port: number };
}

/** What other resources may know of this one: its `Ref` and its attributes. */
export interface Identity {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Naming {
  readonly stack: string;
  readonly logicalId: string;
  /** What CloudFormation would call a resource that has no name of its own. */
  readonly suggestedName: string;
  readonly endpoints: Endpoints;
  /** A resolved property of this resource; asked for one by one, so that two resources may name each other. */
  property(name: string): unknown;
}

/**
 * A resource type that the runtime executes. Its schema is strict all the way down: a property that it does
 * not name is refused, one that changes nothing here is declared with `inertProperty` and the reason.
 */
export interface PlayedType<S extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly properties: S;
  readonly identify: (naming: Naming) => Identity;
}

/** A resource of a played type with its properties resolved and checked. */
export interface Placed<P> {
  /** `<stack>/<logical id>`. */
  readonly id: string;
  readonly stack: string;
  readonly logicalId: string;
  readonly properties: P;
  readonly identity: Identity;
}

export function played<S extends z.ZodType>(
  type: string,
  properties: S,
  identify: (naming: Naming) => Identity,
): PlayedType<S> {
  return { type, properties, identify };
}

/** The resource's own name where the template gives one. */
export function nameOf(naming: Naming, property: string): string {
  const given = naming.property(property);
  return typeof given === 'string' ? given : naming.suggestedName;
}
