import {
  FlowLogDestination,
  FlowLogTrafficType,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface NetworkProps {
  readonly flowLogGroup: ILogGroup;
}

/**
 * A VPC without a way out. The functions need four things beside the database: SQS, Secrets Manager and SNS, by
 * interface endpoints, and Logs, X-Ray and the Lambda service itself, which do not pass through the VPC.
 *
 * The alternative is a NAT gateway. Both are paid by the hour and the gigabyte; an endpoint once per zone, but at
 * a fraction of a gateway's rate, so that three of them in two zones undercut one gateway per zone, though not a
 * single one, which would be a single point of failure and a way to the whole internet for code that needs none.
 * A fourth service (Scheduler) tips the price to NAT: then S3 stays free by its gateway endpoint.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  private readonly endpointGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { flowLogGroup }: NetworkProps) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.40.0.0/20'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      // Emptying the default group takes a custom resource that may edit security groups; nothing wears that group.
      restrictDefaultSecurityGroup: false,
      flowLogs: {
        // What was refused is what an investigation asks for; logging what passed would cost more than it tells.
        Rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(flowLogGroup),
          trafficType: FlowLogTrafficType.REJECT,
        },
      },
    });
    // By its attributes, as a customer's VPC is given too: whoever uses it depends on ids, not on how it was made.
    this.vpc = Vpc.fromVpcAttributes(this, 'Reference', {
      vpcId: vpc.vpcId,
      availabilityZones: vpc.availabilityZones,
      isolatedSubnetIds: vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
      isolatedSubnetRouteTableIds: vpc.isolatedSubnets.map(({ routeTable }) => routeTable.routeTableId),
    });
    this.endpointGroup = new SecurityGroup(this, 'EndpointGroup', {
      vpc: this.vpc,
      description: 'Interface endpoints of the AWS services that the functions call',
      allowAllOutbound: false,
    });
    for (const [name, service] of Object.entries({
      Sqs: InterfaceVpcEndpointAwsService.SQS,
      SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      Sns: InterfaceVpcEndpointAwsService.SNS,
    })) {
      vpc.addInterfaceEndpoint(name, {
        service,
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [this.endpointGroup],
        open: false,
      });
    }
  }

  /** Lets a group's wearers call the endpoints; the rules are made in that group's stack. */
  admit(client: ISecurityGroup): void {
    client.connections.allowTo(this.endpointGroup, Port.tcp(443), 'AWS services');
  }
}
