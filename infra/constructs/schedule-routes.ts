import type { Construct } from 'constructs';
import { BundledFunction, type Deployment } from './bundled-function.ts';
import type { DatabaseClient } from './database-client.ts';
import type { Route, Throttle } from './http-api.ts';
import { type PipelineSchedule, schedulesEnvironment } from './pipeline-schedule.ts';

const ROUTES = [
  { method: 'GET', path: '/api/v1/schedules' },
  { method: 'POST', path: '/api/v1/schedules/{proxy+}' },
] as const;

/** People look at schedules now and then, and pause one hardly ever; each request also asks EventBridge. */
const THROTTLE: Throttle = { rateLimit: 1, burstLimit: 3 };

export function scheduleRoutes(handler: BundledFunction): Route[] {
  return ROUTES.map((route) => ({ ...route, handler, throttle: THROTTLE }));
}

export interface ScheduleFunctionProps {
  readonly deployment: Deployment;
  readonly client: DatabaseClient;
  readonly schedules: readonly PipelineSchedule[];
  readonly timeoutSeconds: number;
}

/** It alone of the API's functions may reach EventBridge Scheduler, and there only the pipelines' own schedules. */
export function scheduleFunction(
  scope: Construct,
  { deployment, client, schedules, timeoutSeconds }: ScheduleFunctionProps,
): BundledFunction {
  const made = new BundledFunction(scope, 'Schedules', {
    deployment,
    name: 'api-schedules',
    entry: 'functions/api/schedules.ts',
    description:
      'Answers the requests of the API about schedules: lists, pauses and resumes them. Input: HTTP API requests (payload 2.0).',
    timeoutSeconds,
    memoryMb: 512,
    database: { client, role: 'operator' },
    // At worst every request takes all its time, on every route at once.
    demand: {
      concurrency: (THROTTLE.rateLimit * timeoutSeconds + THROTTLE.burstLimit) * ROUTES.length,
      connections: 1,
    },
    environment: schedulesEnvironment(scope, schedules),
  });
  for (const schedule of schedules) schedule.grantSwitch(made);
  return made;
}
