import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { App, type AppProps } from 'aws-cdk-lib';
import * as z from 'zod';
import { pipelines as declared } from '../functions/pipelines.ts';
import { codeVersion } from './code-version.ts';
import { parseConfig } from './config.ts';
import { assertConnections } from './connection-budget.ts';
import { PROJECT_ROOT } from './constructs/bundle.ts';
import { assertSchedules } from './declared-schedules.ts';
import { AlertsStack } from './stacks/alerts-stack.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';

export interface BuildOptions {
  /** Over cdk.json's context. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Default: where the CDK CLI says, else cdk.json's `output`. */
  readonly outdir?: string;
}

/**
 * The whole product for one account and region, not synthesized yet. The stacks name neither: they are for the
 * environment that the deployment's credentials point to.
 */
export function buildApp({ context = {}, outdir }: BuildOptions = {}): App {
  const project = cdkJson();
  const app = new App({
    context: { ...recommendedFlags(), ...project.context, ...context },
    outdir: outdir ?? process.env['CDK_OUTDIR'] ?? join(PROJECT_ROOT, project.output),
    // The same template whether the CLI synthesizes it or not.
    analyticsReporting: false,
    treeMetadata: false,
  } satisfies AppProps);

  const config = parseConfig(app.node.getAllContext());
  const { prefix } = config;
  assertSchedules(declared, Date.now());
  const deployment = { config, codeVersion: config.codeVersion ?? codeVersion(PROJECT_ROOT) };

  const data = new DataStack(app, `${prefix}-data`, { deployment, description: 'Database and schema' });
  const { database, files } = data;
  const alerts = new AlertsStack(app, `${prefix}-alerts`, {
    deployment,
    database,
    description: 'How alerts reach people',
  });
  alerts.addStackDependency(data);
  const pipelines = declared.map((pipeline) => {
    const stack = new PipelineStack(app, `${prefix}-${pipeline.domain}`, {
      deployment,
      database,
      topic: alerts.topic,
      pipeline,
      files,
      description: `Pipeline ${pipeline.name}`,
    });
    // Also where nothing is referred to: the migrations come first.
    stack.addStackDependency(data);
    return stack;
  });
  const shared = { deployment, database, pipelines };
  for (const stack of [
    new ApiStack(app, `${prefix}-api`, { ...shared, files, description: 'HTTP API' }),
    new OperationsStack(app, `${prefix}-operations`, { ...shared, description: 'Sweeper' }),
  ]) {
    stack.addStackDependency(data);
    for (const pipeline of pipelines) stack.addStackDependency(pipeline);
  }
  new MonitoringStack(app, `${prefix}-monitoring`, {
    deployment,
    watched: app,
    alerts,
    description: 'Alarms',
  }).addStackDependency(alerts);
  assertConnections(config, app);
  return app;
}

const cdkJsonSchema = z.object({ output: z.string(), context: z.record(z.string(), z.unknown()) });

/** The CLI passes cdk.json's context on; without the CLI it is read here, so that both synthesize the same. */
function cdkJson(): z.infer<typeof cdkJsonSchema> {
  return cdkJsonSchema.parse(JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8')));
}

/**
 * The behaviour that CDK recommends for new projects. Taken from the pinned release, not copied into cdk.json: an
 * upgrade that changes the templates through them shows in the snapshots.
 */
function recommendedFlags(): Record<string, unknown> {
  const path = createRequire(import.meta.url).resolve('aws-cdk-lib/recommended-feature-flags.json');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
}
