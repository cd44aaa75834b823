import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AuroraDatabase } from '../constructs/aurora-database.ts';
import type { Deployment } from '../constructs/bundled-function.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { ExistingDatabase } from '../constructs/existing-database.ts';
import { Files } from '../constructs/files.ts';
import { expiringLogGroup } from '../constructs/log-group.ts';
import { Migrations } from '../constructs/migrations.ts';
import { Network } from '../constructs/network.ts';

export interface DataStackProps extends StackProps {
  readonly deployment: Deployment;
}

/** The database, or the way to the customer's, and its schema; the bucket of files. */
export class DataStack extends Stack {
  readonly database: Database;
  readonly files: Files;

  constructor(scope: Construct, id: string, { deployment, ...props }: DataStackProps) {
    const own = deployment.config.database;
    super(scope, id, {
      ...props,
      terminationProtection: own.kind === 'aurora' && own.deletionProtection,
    });
    this.files = new Files(this, 'Files', deployment.config.prefix);
    const { database, after } = this.createDatabase(deployment);
    this.database = database;
    new Migrations(this, 'Migrations', {
      deployment,
      client: new DatabaseClient(this, 'Client', database),
      createUpstream: deployment.config.database.kind === 'aurora',
      after,
    });
  }

  private createDatabase({ config }: Deployment): { database: Database; after: Construct[] } {
    const { prefix, database, logRetentionDays } = config;
    if (database.kind === 'existing') {
      return { database: new ExistingDatabase(this, 'Database', database), after: [] };
    }
    const network = new Network(this, 'Network', {
      flowLogGroup: expiringLogGroup(this, 'FlowLogs', `/aws/vpc/${prefix}`, logRetentionDays),
      filesArn: this.files.bucketArn,
    });
    const logGroup = expiringLogGroup(
      this,
      'DatabaseLogs',
      `/aws/rds/cluster/${prefix}/postgresql`,
      logRetentionDays,
    );
    const aurora = new AuroraDatabase(this, 'Database', { prefix, network, logGroup, config: database });
    return { database: aurora, after: [network, aurora] };
  }
}
