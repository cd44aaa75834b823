import { Annotations } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { ExistingDatabaseConfig } from '../config.ts';
import type { Database, DatabaseLogin, DatabaseNetwork, DatabaseRole } from './database.ts';
import { iamLogin, secretLogin, userOf } from './logins.ts';

/** A customer's own database: nothing of it is created or changed here but what the migrations make inside. */
export class ExistingDatabase extends Construct implements Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly network: DatabaseNetwork | undefined;
  private readonly auth: ExistingDatabaseConfig['auth'];

  constructor(scope: Construct, id: string, config: ExistingDatabaseConfig) {
    super(scope, id);
    this.host = config.host;
    this.port = config.port;
    this.name = config.name;
    this.auth = config.auth;
    const { network } = config;
    if (network === 'public') {
      this.network = undefined;
      return;
    }
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: network.vpcId,
      availabilityZones: network.availabilityZones,
      privateSubnetIds: network.subnetIds,
    });
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-ec2:noSubnetRouteTableId',
      'Functions are placed in the subnets; nothing here adds a route to them.',
    );
    this.network = {
      vpc,
      subnets: { subnets: vpc.privateSubnets },
      clientGroup: (client) =>
        SecurityGroup.fromSecurityGroupId(client, 'Group', network.securityGroupId, { mutable: false }),
    };
  }

  login(role: DatabaseRole): DatabaseLogin {
    const { auth } = this;
    const user = role === 'owner' ? 'cuadre_migrator' : userOf(role);
    return auth.kind === 'iam'
      ? iamLogin(auth.resourceId, role === 'owner' ? auth.ownerUser : user)
      : secretLogin(auth.secrets[role], user, auth.kmsKeyArn);
  }
}
