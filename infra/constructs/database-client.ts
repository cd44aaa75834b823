import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Database, DatabaseRole } from './database.ts';

export interface Placement {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

/** One stack's side of a database: the group its functions wear, and what each is told and allowed. */
export class DatabaseClient extends Construct {
  readonly placement: Placement | undefined;
  private readonly database: Database;

  constructor(scope: Construct, id: string, database: Database) {
    super(scope, id);
    this.database = database;
    const { network } = database;
    this.placement =
      network === undefined
        ? undefined
        : { vpc: network.vpc, vpcSubnets: network.subnets, securityGroups: [network.clientGroup(this)] };
  }

  environment(role: DatabaseRole): Record<string, string> {
    const { host, port, name } = this.database;
    return { DB_HOST: host, DB_PORT: String(port), DB_NAME: name, ...this.database.login(role).environment };
  }

  statements(scope: Construct, role: DatabaseRole): PolicyStatement[] {
    return this.database.login(role).statements(scope);
  }
}
