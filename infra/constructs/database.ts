import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** The database roles of sql/: who may do what is granted there, and who may log in as whom is granted here. */
export type DatabaseRole = 'owner' | 'jobs' | 'operator' | 'reader';

/** How functions reach a database, whoever runs it. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** Undefined: the functions stay outside any VPC. */
  readonly network: DatabaseNetwork | undefined;
  login(role: DatabaseRole): DatabaseLogin;
}

export interface DatabaseNetwork {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  /**
   * The group that a stack's functions wear. Its rules are made in `scope`'s stack: a rule made beside the
   * database would have it depend on its consumers, which depend on it.
   */
  clientGroup(scope: Construct): ISecurityGroup;
}

export interface DatabaseLogin {
  /** DB_USER, DB_AUTH and what they need. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the function's role must be allowed. */
  statements(scope: Construct): PolicyStatement[];
}
