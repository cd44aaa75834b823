import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface NetworkProps {
  readonly flowLogGroup: ILogGroup;
  /** ARN of the one bucket that can be reached from inside. */
  readonly filesArn: string;
}

/**
 * A VPC without a way out. The functions need six things beside the database: SQS, Secrets Manager, SNS and Scheduler, by
 * interface endpoints; S3, by a gateway endpoint, which costs nothing and lets through one bucket; and Logs, X-Ray
 * and the Lambda service itself, which do not pass through the VPC.
 *
 * The alternative is a NAT gateway. Both are paid by the hour and the gigabyte; an endpoint once per zone, but at
 * a fraction of a gateway's rate, so that four of them in two zones about equal one gateway per zone, though not a
 * single one, which would be a single point of failure and a way to the whole internet for code that needs none.
 * In a region without one of them, or with more services to reach, NAT is the change to make here.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  private readonly endpointGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { flowLogGroup, filesArn }: NetworkProps) {
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
      // Not among the CDK's constants.
      Scheduler: new InterfaceVpcEndpointAwsService('scheduler'),
    })) {
      vpc.addInterfaceEndpoint(name, {
        service,
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [this.endpointGroup],
        open: false,
      });
    }
    vpc
      .addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 })
      // Beside the roles, not instead of them: with any credentials at all, nothing from in here reaches another bucket.
      .addToPolicy(
        new PolicyStatement({
          principals: [new AnyPrincipal()],
          actions: [
            's3:AbortMultipartUpload',
            's3:DeleteObject',
            's3:GetObject',
            's3:ListBucket',
            's3:PutObject',
          ],
          resources: [filesArn, `${filesArn}/*`],
        }),
      );
  }

  /** Lets a group's wearers call the endpoints; the rules are made in that group's stack. */
  admit(client: ISecurityGroup): void {
    client.connections.allowTo(this.endpointGroup, Port.tcp(443), 'AWS services');
    // S3 has public addresses, and a template cannot name their list, whose id is another in each region. From these
    // subnets no other public address has a route.
    client.connections.allowTo(Peer.anyIpv4(), Port.tcp(443), 'S3, by the gateway endpoint');
  }
}
