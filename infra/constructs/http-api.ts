import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi as Api,
  CfnRoute,
  CfnStage,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import type { ApiConfig } from '../config.ts';
import type { BundledFunction, Deployment } from './bundled-function.ts';
import { expiringLogGroup } from './log-group.ts';

export interface HttpApiProps {
  readonly deployment: Deployment;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `/api/v1/{proxy+}` or an exact path: which endpoint it is, the function's own router knows. */
  readonly path: string;
  readonly handler: BundledFunction;
  /** Where a route is not to take what the others may. */
  readonly throttle?: Throttle;
}

export interface Throttle {
  /** Requests a second, of all callers. */
  readonly rateLimit: number;
  readonly burstLimit: number;
}

/** What the access log keeps of a request: who, what and how it went; no query string, which may name a person. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  subject: '$context.authorizer.claims.sub',
  method: '$context.httpMethod',
  path: '$context.path',
  route: '$context.routeKey',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  integrationError: '$context.integrationErrorMessage',
};

/** An HTTP API (payload 2.0) on which every route has an authorizer. */
export class HttpApi extends Construct {
  readonly endpoint: string;

  constructor(scope: Construct, id: string, { deployment, routes }: HttpApiProps) {
    super(scope, id);
    const { prefix, api: config, logRetentionDays } = deployment.config;
    const api = new Api(this, 'Api', {
      apiName: prefix,
      description: 'Reads of the reconciliation, and its runs',
      defaultAuthorizer: authorizer(config),
      createDefaultStage: false,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: config.rateLimit, burstLimit: config.burstLimit },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          expiringLogGroup(this, 'AccessLogs', `/aws/vendedlogs/${prefix}-api`, logRetentionDays),
        ),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.endpoint = api.apiEndpoint;
    for (const { method, path, handler } of routes) {
      api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration: new HttpLambdaIntegration(handler.node.id, handler.function),
      });
    }
    throttleRoutes(stage, api, routes);
  }
}

/** The stage can say it of routes that are there before it. */
function throttleRoutes(stage: HttpStage, api: Api, routes: readonly Route[]): void {
  const own = routes.flatMap(({ method, path, throttle }) =>
    throttle === undefined
      ? []
      : [
          [
            `${method} ${path}`,
            { ThrottlingRateLimit: throttle.rateLimit, ThrottlingBurstLimit: throttle.burstLimit },
          ],
        ],
  );
  const resource = stage.node.defaultChild;
  if (!(resource instanceof CfnStage)) throw new Error('a stage is made of something else');
  resource.routeSettings = Object.fromEntries(own);
  for (const each of api.node.findAll()) if (each instanceof CfnRoute) resource.addResourceDependency(each);
}

function authorizer({ auth }: ApiConfig): IHttpRouteAuthorizer {
  return auth.kind === 'iam'
    ? new HttpIamAuthorizer()
    : new HttpJwtAuthorizer('Jwt', auth.issuer, { jwtAudience: auth.audience });
}
