import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { buildApp } from '../../infra/build-app.ts';
import { ENVIRONMENTS, type EnvironmentName } from './environments.ts';

const resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
});

const template = z.looseObject({
  Resources: z.record(z.string(), resource),
  Outputs: z
    .record(z.string(), z.looseObject({ Value: z.unknown(), Export: z.unknown().optional() }))
    .default({}),
});

export type Template = z.infer<typeof template>;

/** One resource, and where it stands. */
export interface Found {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletionPolicy?: string | undefined;
}

/** Every way in which one resource names another. */
const reference = z.union([
  z.strictObject({ Ref: z.string() }).transform(({ Ref }) => ({ id: Ref })),
  z
    .strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) })
    .transform(({ 'Fn::GetAtt': [id] }) => ({ id })),
  z
    .strictObject({ 'Fn::GetStackOutput': z.looseObject({ StackName: z.string(), OutputName: z.string() }) })
    .transform(({ 'Fn::GetStackOutput': { StackName, OutputName } }) => ({
      stack: StackName,
      output: OutputName,
    })),
  z
    .strictObject({ 'Fn::ImportValue': z.string() })
    .transform(({ 'Fn::ImportValue': exported }) => ({ exported })),
]);

/** The templates of one deployment, all stacks together. */
export class Assembly {
  readonly templates: ReadonlyMap<string, Template>;

  constructor(templates: ReadonlyMap<string, Template>) {
    this.templates = templates;
  }

  all(): Found[] {
    return [...this.templates].flatMap(([stack, { Resources }]) =>
      Object.entries(Resources).map(([id, { Type, Properties, DeletionPolicy }]) => ({
        stack,
        id,
        type: Type,
        properties: Properties,
        deletionPolicy: DeletionPolicy,
      })),
    );
  }

  ofType(type: string): Found[] {
    return this.all().filter((each) => each.type === type);
  }

  /** The resource that a property of `from` refers to. */
  target(from: Found, value: unknown): Found {
    const named = reference.parse(value);
    const found =
      'id' in named
        ? this.all().find(({ stack, id }) => stack === from.stack && id === named.id)
        : this.targetOfOutput(named);
    if (found === undefined) throw new Error(`${from.id} refers to nothing: ${JSON.stringify(value)}`);
    return found;
  }

  private targetOfOutput(named: { stack: string; output: string } | { exported: string }): Found | undefined {
    for (const [stack, { Outputs }] of this.templates) {
      for (const [name, { Value, Export }] of Object.entries(Outputs)) {
        const meant =
          'exported' in named
            ? JSON.stringify(Export) === JSON.stringify({ Name: named.exported })
            : stack === named.stack && name === named.output;
        if (meant) return this.target({ stack, id: name, type: 'Output', properties: {} }, Value);
      }
    }
    return undefined;
  }
}

/** Builds the app without bundling its functions, which takes seconds and is another test's matter. */
export function withApp<T>(context: Readonly<Record<string, unknown>>, use: (app: App) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'cuadre-infra-'));
  try {
    return use(
      buildApp({ context: { 'aws:cdk:bundling-stacks': [], codeVersion: 'test', ...context }, outdir }),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

export function assemblyFor(environment: EnvironmentName): Assembly {
  return assemblyOf(ENVIRONMENTS[environment]);
}

export function assemblyOf(context: Readonly<Record<string, unknown>>): Assembly {
  return withApp(context, (app) => {
    const { stacks } = app.synth();
    return new Assembly(
      new Map(
        stacks.map(({ stackName, templateFullPath }) => [
          stackName,
          template.parse(JSON.parse(readFileSync(templateFullPath, 'utf8'))),
        ]),
      ),
    );
  });
}
