import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { StackProblems } from '../errors.ts';

/** A resource as the template has it: its intrinsic functions are still there. */
const rawResource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
});

const rawTemplate = z.object({
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), rawResource),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
});

export type Template = z.output<typeof rawTemplate>;

export interface StackTemplate {
  readonly name: string;
  readonly template: Template;
  /** Folder or file of each asset by its key in the asset bucket, e.g. `0cad...zip`. */
  readonly assets: ReadonlyMap<string, string>;
}

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    }),
  ),
});

const assetManifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

/** The stacks of a synthesized app (its `cdk.out`), each after those it imports from. */
export function readAssembly(directory: string): StackTemplate[] {
  const root = resolve(directory);
  const file = join(root, 'manifest.json');
  if (!existsSync(file)) {
    throw new StackProblems('there is no synthesized app to run:', [
      `${file} does not exist; synthesize the app first (npm run synth)`,
    ]);
  }
  const { artifacts } = manifest.parse(readJson(file));
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const names = new Set(stacks.map(([id]) => id));
  const ordered: string[] = [];
  const visit = (id: string) => {
    if (!names.has(id) || ordered.includes(id)) return;
    for (const dependency of artifacts[id]?.dependencies ?? []) visit(dependency);
    ordered.push(id);
  };
  for (const [id] of stacks) visit(id);
  return ordered.map((id) => readStack(root, id, artifacts[id]?.properties ?? {}));
}

function readStack(
  root: string,
  id: string,
  properties: { templateFile?: string | undefined; stackName?: string | undefined },
): StackTemplate {
  const file = join(root, properties.templateFile ?? `${id}.template.json`);
  const parsed = rawTemplate.safeParse(readJson(file));
  if (!parsed.success) {
    throw new StackProblems(`${file} is not a template:`, [z.prettifyError(parsed.error)]);
  }
  return { name: properties.stackName ?? id, template: parsed.data, assets: readAssets(root, id) };
}

function readAssets(root: string, id: string): Map<string, string> {
  const file = join(root, `${id}.assets.json`);
  const assets = new Map<string, string>();
  if (!existsSync(file)) return assets;
  for (const { source, destinations } of Object.values(assetManifest.parse(readJson(file)).files)) {
    if (source.path === undefined) continue;
    for (const { objectKey } of Object.values(destinations)) {
      assets.set(objectKey, resolve(dirname(file), source.path));
    }
  }
  return assets;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
