import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { messageOf, StackProblems } from '../errors.ts';
import { resolveValue, type Scope } from './intrinsics.ts';
import { propertyProblems } from './properties.ts';
import type { StackTemplate } from './read.ts';
import {
  ACCOUNT,
  type Endpoints,
  type Identity,
  type Naming,
  type Placed,
  type PlayedType,
  REGION,
} from './types.ts';

export interface Resource {
  readonly id: string;
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
}

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Values of SSM parameters that a bootstrapped account has. */
const bootstrapVersion = '30';

/**
 * Every stack of the app with its references worked out. Pure: it can be asked before anything has started,
 * with made-up endpoints, to find all that is wrong.
 */
export class World {
  readonly stacks: readonly StackTemplate[];
  readonly resources: readonly Resource[];
  readonly #endpoints: Endpoints;
  readonly #types: ReadonlyMap<string, PlayedType>;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #identities = new Map<string, Identity>();
  readonly #resolved = new Map<string, unknown>();

  constructor(
    stacks: readonly StackTemplate[],
    types: ReadonlyMap<string, PlayedType>,
    endpoints: Endpoints,
    parameters: Readonly<Record<string, string>> = {},
  ) {
    this.stacks = stacks;
    this.#types = types;
    this.#endpoints = endpoints;
    this.#parameters = parameters;
    this.resources = stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources)
        .filter(([, { Condition }]) => Condition === undefined || this.#condition(stack, Condition))
        .map(([logicalId, { Type, Properties, DependsOn }]) => ({
          id: `${stack.name}/${logicalId}`,
          stack: stack.name,
          logicalId,
          type: Type,
          raw: Properties,
          dependsOn: DependsOn.map((other) => `${stack.name}/${other}`),
        })),
    );
  }

  /** The resources of a played type, resolved and checked; they have passed `check` before. */
  all<S extends z.ZodType>(
    type: PlayedType<S>,
    except: (id: string) => boolean = () => false,
  ): Placed<z.output<S>>[] {
    return this.resources
      .filter((resource) => resource.type === type.type && !except(resource.id))
      .map((resource) => {
        const parsed = type.properties.safeParse(this.properties(resource));
        if (!parsed.success) throw new StackProblems(`${resource.id}:`, propertyProblems(parsed.error));
        return { ...resource, properties: parsed.data, identity: this.identity(resource) };
      });
  }

  properties(resource: Resource): Record<string, unknown> {
    return Object.fromEntries(
      Object.keys(resource.raw)
        .map((name) => [name, this.property(resource, name)] as const)
        .filter(([, value]) => value !== undefined),
    );
  }

  property(resource: Resource, name: string): unknown {
    const key = `${resource.id}.${name}`;
    if (!this.#resolved.has(key)) {
      this.#resolved.set(
        key,
        this.#within(key, () => resolveValue(resource.raw[name], this.#scope(resource.stack))),
      );
    }
    return this.#resolved.get(key);
  }

  identity(resource: Resource): Identity {
    const known = this.#identities.get(resource.id);
    if (known !== undefined) return known;
    const naming: Naming = {
      stack: resource.stack,
      logicalId: resource.logicalId,
      suggestedName: suggestedName(resource.stack, resource.logicalId),
      endpoints: this.#endpoints,
      property: (name) => this.property(resource, name),
    };
    const identity = this.#types.get(resource.type)?.identify(naming) ?? inertIdentity(naming);
    this.#identities.set(resource.id, identity);
    return identity;
  }

  /** Folder or file of each asset of a stack by its key. */
  assets(stack: string): ReadonlyMap<string, string> {
    return this.#stack(stack).assets;
  }

  #scope(stackName: string): Scope {
    const stack = this.#stack(stackName);
    return {
      ref: (name) => this.#ref(stack, name),
      attribute: (logicalId, attribute) => this.#attribute(stack, logicalId, attribute),
      importValue: (name) => this.#importValue(name),
      output: (other, name) => this.#output(other, name),
      condition: (name) => this.#condition(stack, name),
      mapping: (map, top, second) => {
        const value = stack.template.Mappings[map]?.[top]?.[second];
        if (value === undefined) throw new Error(`there is no mapping ${map}.${top}.${second}`);
        return value;
      },
    };
  }

  #ref(stack: StackTemplate, name: string): unknown {
    if (name === 'AWS::StackName') return stack.name;
    if (name === 'AWS::StackId') {
      return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/local`;
    }
    const pseudo = pseudoParameters[name];
    if (pseudo !== undefined) return pseudo;
    const parameter = stack.template.Parameters[name];
    if (parameter !== undefined) return this.#parameter(name, parameter);
    return this.identity(this.#resource(stack, name)).ref;
  }

  #parameter(name: string, { Type, Default }: { Type: string; Default?: unknown }): unknown {
    const given = this.#parameters[name];
    if (given !== undefined) return given;
    if (Type.startsWith('AWS::SSM::Parameter') && String(Default).startsWith('/cdk-bootstrap/')) {
      return bootstrapVersion;
    }
    if (Type.startsWith('AWS::SSM::Parameter')) {
      throw new Error(
        `the parameter ${name} reads ${String(Default)} from SSM, which is not played here: give its value`,
      );
    }
    if (Default === undefined) throw new Error(`the parameter ${name} has no default: give its value`);
    return Default;
  }

  #attribute(stack: StackTemplate, logicalId: string, attribute: string): unknown {
    const resource = this.#resource(stack, logicalId);
    const { attributes } = this.identity(resource);
    if (!this.#types.has(resource.type)) return inertAttribute(resource, attribute);
    const value = attributes?.[attribute];
    if (value === undefined) {
      throw new Error(`${resource.id} (${resource.type}) has no attribute ${attribute} here`);
    }
    return value;
  }

  #importValue(name: string): unknown {
    for (const stack of this.stacks) {
      for (const { Value, Export } of Object.values(stack.template.Outputs)) {
        if (Export === undefined) continue;
        const scope = this.#scope(stack.name);
        if (resolveValue(Export.Name, scope) === name) return resolveValue(Value, scope);
      }
    }
    throw new Error(`no stack of the app exports ${name}`);
  }

  #output(stack: string, name: string): unknown {
    const output = this.#stack(stack).template.Outputs[name];
    if (output === undefined) throw new Error(`the stack ${stack} has no output ${name}`);
    return resolveValue(output.Value, this.#scope(stack));
  }

  #condition(stack: StackTemplate, name: string): boolean {
    if (!Object.hasOwn(stack.template.Conditions, name)) throw new Error(`there is no condition ${name}`);
    return this.#within(`${stack.name}/${name}`, () => {
      return resolveValue(stack.template.Conditions[name], this.#scope(stack.name)) === true;
    });
  }

  #resource(stack: StackTemplate, logicalId: string): Resource {
    const resource = this.resources.find((one) => one.stack === stack.name && one.logicalId === logicalId);
    if (resource === undefined) throw new Error(`${stack.name} has no resource or parameter ${logicalId}`);
    return resource;
  }

  #stack(name: string): StackTemplate {
    const stack = this.stacks.find((one) => one.name === name);
    if (stack === undefined) throw new Error(`there is no stack ${name}`);
    return stack;
  }

  readonly #open = new Set<string>();

  /** Guards against values that are defined by themselves. */
  #within<T>(key: string, body: () => T): T {
    if (this.#open.has(key)) throw new Error(`${key} is defined by itself`);
    this.#open.add(key);
    try {
      return body();
    } catch (error) {
      const message = messageOf(error);
      throw message.startsWith(key) ? error : new Error(`${key}: ${message}`, { cause: error });
    } finally {
      this.#open.delete(key);
    }
  }
}

function suggestedName(stack: string, logicalId: string): string {
  const hash = createHash('sha256').update(`${stack}/${logicalId}`).digest('hex').slice(0, 12);
  return `${stack}-${logicalId.slice(0, 24)}-${hash}`;
}

function inertIdentity({ logicalId }: Naming): Identity {
  return { ref: `inert-${logicalId}` };
}

/** An inert resource may be named by others; nobody here acts on the value. */
function inertAttribute({ logicalId }: Resource, attribute: string): string {
  return attribute === 'Arn'
    ? `arn:aws:inert:${REGION}:${ACCOUNT}:${logicalId}`
    : `inert-${logicalId}-${attribute}`;
}
