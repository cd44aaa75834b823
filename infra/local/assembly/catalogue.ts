import { httpApi, httpAuthorizer, httpIntegration, httpRoute, httpStage } from '../http/types.ts';
import { managedPolicy, policy, role } from '../iam/types.ts';
import {
  eventInvokeConfig,
  eventSourceMapping,
  functionAlias,
  functionPermission,
  functionVersion,
  lambdaFunction,
} from '../lambda/types.ts';
import { databaseCluster, databaseInstance } from '../rds/types.ts';
import { bucket } from '../s3/types.ts';
import { schedule, scheduleGroup } from '../scheduler/types.ts';
import { secret, secretAttachment } from '../secrets/types.ts';
import { subscription, topic } from '../sns/types.ts';
import { queue } from '../sqs/types.ts';
import { trigger } from './trigger.ts';
import type { PlayedType } from './types.ts';

const list: readonly PlayedType[] = [
  bucket,
  databaseCluster,
  databaseInstance,
  eventInvokeConfig,
  eventSourceMapping,
  functionAlias,
  functionPermission,
  functionVersion,
  httpApi,
  httpAuthorizer,
  httpIntegration,
  httpRoute,
  httpStage,
  lambdaFunction,
  managedPolicy,
  policy,
  queue,
  role,
  schedule,
  scheduleGroup,
  secret,
  secretAttachment,
  subscription,
  topic,
  trigger,
];

/** The resource types that the runtime executes, by name. Beside them only the inert ones may stand in a template. */
export const playedTypes: ReadonlyMap<string, PlayedType> = new Map(list.map((type) => [type.type, type]));
