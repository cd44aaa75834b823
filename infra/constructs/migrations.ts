import { Duration } from 'aws-cdk-lib';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { BundledFunction, type Deployment } from './bundled-function.ts';
import type { DatabaseClient } from './database-client.ts';

export interface MigrationsProps {
  readonly deployment: Deployment;
  readonly client: DatabaseClient;
  /** The database is ours alone: the upstream's tables are made in it, for the upstream to fill. */
  readonly createUpstream: boolean;
  /** What must stand before the first connection: the database's instance, rules and endpoints. */
  readonly after: readonly Construct[];
}

const TIMEOUT = Duration.minutes(15);

/**
 * Brings the schema up to date during the deployment, before any function that needs it changes: the other stacks
 * come after this one's. A failing migration fails the deployment, and the functions stay as they were.
 */
export class Migrations extends Construct {
  constructor(scope: Construct, id: string, { deployment, client, createUpstream, after }: MigrationsProps) {
    super(scope, id);
    const migrate = new BundledFunction(this, 'Migrate', {
      deployment,
      name: 'migrate',
      entry: 'functions/core/migrate-handler.ts',
      copy: ['sql'],
      description:
        'Applies the migrations and views of sql/ that this database lacks; again is harmless. Run by the deployment. Input: dryRun (true).',
      timeoutSeconds: TIMEOUT.toSeconds(),
      memoryMb: 512,
      database: { client, role: 'owner' },
      demand: { concurrency: 1, connections: 1 },
      environment: { SQL_DIRECTORY: 'sql', ...(createUpstream ? { UPSTREAM: 'create' } : {}) },
    });
    // It calls the version that it publishes, without an event: by the version the handler knows the deployment.
    new Trigger(this, 'Trigger', {
      handler: migrate.function,
      // The provider function that waits for the answer has 15 minutes too and needs a moment of its own.
      timeout: TIMEOUT.minus(Duration.seconds(30)),
      executeAfter: [client, ...after],
    });
  }
}
