/** Resource types that have nothing to do on one machine, each with the reason. */
export const inertTypes: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'it counts the use of the CDK',
  'AWS::CloudFormation::WaitConditionHandle': 'it only gives an address to wait at',
  'AWS::CloudWatch::Alarm': 'there is no CloudWatch; the trail and the logs are on the terminal',
  'AWS::CloudWatch::CompositeAlarm': 'there is no CloudWatch; the trail and the logs are on the terminal',
  'AWS::CloudWatch::Dashboard': 'there is no CloudWatch; the trail and the logs are on the terminal',
  'AWS::EC2::EIP': 'everything is on 127.0.0.1',
  'AWS::EC2::FlowLog': 'everything is on 127.0.0.1',
  'AWS::EC2::InternetGateway': 'everything is on 127.0.0.1',
  'AWS::EC2::NatGateway': 'everything is on 127.0.0.1',
  'AWS::EC2::Route': 'everything is on 127.0.0.1',
  'AWS::EC2::RouteTable': 'everything is on 127.0.0.1',
  'AWS::EC2::SecurityGroup': 'everything is on 127.0.0.1',
  'AWS::EC2::SecurityGroupEgress': 'everything is on 127.0.0.1',
  'AWS::EC2::SecurityGroupIngress': 'everything is on 127.0.0.1',
  'AWS::EC2::Subnet': 'everything is on 127.0.0.1',
  'AWS::EC2::SubnetRouteTableAssociation': 'everything is on 127.0.0.1',
  'AWS::EC2::VPC': 'everything is on 127.0.0.1',
  'AWS::EC2::VPCEndpoint': 'everything is on 127.0.0.1',
  'AWS::EC2::VPCGatewayAttachment': 'everything is on 127.0.0.1',
  'AWS::KMS::Alias': 'nothing is encrypted on 127.0.0.1',
  'AWS::KMS::Key': 'nothing is encrypted on 127.0.0.1',
  'AWS::Logs::LogGroup': 'logs go to whoever started the stack',
  'AWS::Logs::MetricFilter': 'there is no CloudWatch; the trail and the logs are on the terminal',
  'AWS::Logs::ResourcePolicy': 'logs go to whoever started the stack',
  'AWS::RDS::DBParameterGroup': 'the embedded server keeps its own settings',
  'AWS::RDS::DBClusterParameterGroup': 'the embedded server keeps its own settings',
  'AWS::RDS::DBSubnetGroup': 'everything is on 127.0.0.1',
  'AWS::S3::BucketPolicy':
    'it refuses what does not come over TLS, which there is none of here; the roles of the functions are checked',
  'AWS::SNS::TopicPolicy': 'whoever reaches 127.0.0.1 may call; the roles of the functions are checked',
  'AWS::SQS::QueuePolicy': 'whoever reaches 127.0.0.1 may call; the roles of the functions are checked',
  'AWS::SecretsManager::ResourcePolicy':
    'whoever reaches 127.0.0.1 may call; the roles of the functions are checked',
  'AWS::SecretsManager::RotationSchedule': 'secrets are made anew with every state directory',
  'Custom::LogRetention': 'logs go to whoever started the stack',
  'Custom::VpcRestrictDefaultSG': 'everything is on 127.0.0.1',
};

/** Subscriptions that have nobody to reach on one machine; those of queues are played. */
const inertProtocols: Readonly<Record<string, string>> = {
  email: 'no mail leaves this machine; what would be sent is in the trail and in the demo',
  'email-json': 'no mail leaves this machine; what would be sent is in the trail and in the demo',
};

/** Why a resource does nothing here: because of its type, or of what it asks for. */
export function inertReason(type: string, property: (name: string) => unknown): string | undefined {
  if (type !== 'AWS::SNS::Subscription') return inertTypes[type];
  return inertProtocols[String(property('Protocol'))];
}

/** Why the function behind a custom resource does not run. */
export const providerReason = 'it only serves custom resources, which the runtime plays itself';
