import * as z from 'zod';
import { REGION } from './types.ts';

/** Where the values that a template refers to come from; every lookup throws with the reason it failed. */
export interface Scope {
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  importValue(name: string): unknown;
  output(stack: string, name: string): unknown;
  mapping(map: string, top: string, second: string): unknown;
  condition(name: string): boolean;
}

/** `Ref: AWS::NoValue`: the property or list element is as if it were not written. */
const noValue = Symbol('AWS::NoValue');

const stackOutput = z.strictObject({
  StackName: z.unknown(),
  OutputName: z.unknown(),
  Region: z.unknown().optional(),
});
const single = z.record(z.string(), z.unknown());
const list = z.array(z.unknown());
const pair = z.tuple([z.unknown(), z.unknown()]);
const triple = z.tuple([z.unknown(), z.unknown(), z.unknown()]);

/** The value with its intrinsic functions worked out; an unknown `Fn::` is refused by name. */
export function resolveValue(value: unknown, scope: Scope): unknown {
  const resolved = resolveAny(value, scope);
  return resolved === noValue ? undefined : resolved;
}

function resolveAny(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolveAny(item, scope)).filter((item) => item !== noValue);
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(single.parse(value));
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isIntrinsic(...first)) {
    return call(first[0], first[1], scope);
  }
  return Object.fromEntries(
    entries
      .map(([key, item]) => [key, resolveAny(item, scope)] as const)
      .filter(([, item]) => item !== noValue),
  );
}

/** A policy statement has a `Condition` too, but never a condition's name. */
function isIntrinsic(key: string, argument: unknown): boolean {
  return key === 'Ref' || key.startsWith('Fn::') || (key === 'Condition' && typeof argument === 'string');
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => {
    const name = z.string().parse(argument);
    return name === 'AWS::NoValue' ? noValue : scope.ref(name);
  },
  Condition: (argument, scope) => scope.condition(z.string().parse(argument)),
  'Fn::GetAtt': (argument, scope) => {
    const path = Array.isArray(argument)
      ? argument
      : z
          .string()
          .parse(argument)
          .split(/\.(.*)/s);
    return scope.attribute(text(path[0], scope), text(path[1], scope));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = pair.parse(argument);
    return texts(items, scope).join(text(separator, scope));
  },
  'Fn::Sub': (argument, scope) => {
    const [template, given] = typeof argument === 'string' ? [argument, {}] : pair.parse(argument);
    const variables = single.parse(given);
    return text(template, scope).replaceAll(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return text(variables[name], scope);
      const [logicalId, attribute] = name.split(/\.(.*)/s);
      return String(
        attribute === undefined ? scope.ref(name) : scope.attribute(logicalId ?? name, attribute),
      );
    });
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = pair.parse(argument);
    const resolved = list.parse(resolveAny(items, scope));
    const position = z.coerce.number().int().parse(resolveAny(index, scope));
    if (position >= resolved.length) {
      throw new Error(`Fn::Select wants element ${position} of a list of ${resolved.length}`);
    }
    return resolved[position];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = pair.parse(argument);
    return text(whole, scope).split(text(separator, scope));
  },
  'Fn::ImportValue': (argument, scope) => scope.importValue(text(argument, scope)),
  'Fn::GetStackOutput': (argument, scope) => {
    const { StackName, OutputName, Region } = stackOutput.parse(argument);
    if (Region !== undefined && text(Region, scope) !== REGION) {
      throw new Error(`Fn::GetStackOutput from ${JSON.stringify(Region)}: only ${REGION} is played here`);
    }
    return scope.output(text(StackName, scope), text(OutputName, scope));
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(argument, scope)).toString('base64'),
  'Fn::FindInMap': (argument, scope) => {
    const [map, top, second] = triple.parse(argument);
    return scope.mapping(text(map, scope), text(top, scope), text(second, scope));
  },
  'Fn::GetAZs': () => ['us-east-1a', 'us-east-1b', 'us-east-1c'],
  'Fn::If': (argument, scope) => {
    const [condition, whenTrue, whenFalse] = triple.parse(argument);
    return resolveAny(scope.condition(z.string().parse(condition)) ? whenTrue : whenFalse, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = pair.parse(argument);
    return JSON.stringify(resolveAny(left, scope)) === JSON.stringify(resolveAny(right, scope));
  },
  'Fn::And': (argument, scope) => list.parse(argument).every((item) => truth(item, scope)),
  'Fn::Or': (argument, scope) => list.parse(argument).some((item) => truth(item, scope)),
  'Fn::Not': (argument, scope) => list.parse(argument).every((item) => !truth(item, scope)),
};

function call(name: string, argument: unknown, scope: Scope): unknown {
  const intrinsic = intrinsics[name];
  if (intrinsic === undefined) throw new Error(`the function ${name} is not played here`);
  return intrinsic(argument, scope);
}

function truth(value: unknown, scope: Scope): boolean {
  return z.boolean().parse(resolveAny(value, scope));
}

function text(value: unknown, scope: Scope): string {
  const resolved = resolveAny(value, scope);
  if (typeof resolved === 'string') return resolved;
  if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
  throw new Error(`a text was expected where the template has ${JSON.stringify(value)}`);
}

function texts(value: unknown, scope: Scope): string[] {
  return list.parse(resolveAny(value, scope)).map((item) => text(item, scope));
}
