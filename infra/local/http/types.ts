import * as z from 'zod';
import { flag, inertProperty, tags, whole } from '../assembly/properties.ts';
import { nameOf, played } from '../assembly/types.ts';

/** Ten characters, as the service's own ids. */
function apiId(suggestedName: string): string {
  return suggestedName.slice(-10);
}

export const httpApi = played(
  'AWS::ApiGatewayV2::Api',
  z.strictObject({
    Name: z.string(),
    ProtocolType: z.literal('HTTP', 'only HTTP APIs are played'),
    Description: inertProperty('it is for the console'),
    DisableExecuteApiEndpoint: inertProperty('the only address is 127.0.0.1'),
    Tags: tags,
  }),
  (naming) => ({
    ref: apiId(naming.suggestedName),
    attributes: { ApiId: apiId(naming.suggestedName), ApiEndpoint: naming.endpoints.api },
  }),
);

export const httpStage = played(
  'AWS::ApiGatewayV2::Stage',
  z.strictObject({
    ApiId: z.string(),
    StageName: z.literal('$default', 'only the stage $default is played'),
    AutoDeploy: flag.optional(),
    StageVariables: z.record(z.string(), z.string()).optional(),
    AccessLogSettings: inertProperty('the trail tells of every request'),
    DefaultRouteSettings: inertProperty('one machine throttles itself'),
    RouteSettings: inertProperty('one machine throttles itself'),
    Description: inertProperty('it is for the console'),
    Tags: tags,
  }),
  (naming) => ({ ref: nameOf(naming, 'StageName') }),
);

export const httpIntegration = played(
  'AWS::ApiGatewayV2::Integration',
  z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationMethod: inertProperty('a function is always called by POST'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0', 'only payload format 2.0 is played'),
    TimeoutInMillis: whole.min(50).max(30_000).default(30_000),
    CredentialsArn: inertProperty('whoever reaches 127.0.0.1 may call'),
    Description: inertProperty('it is for the console'),
  }),
  (naming) => ({ ref: apiId(naming.suggestedName) }),
);

export const httpRoute = played(
  'AWS::ApiGatewayV2::Route',
  z.strictObject({
    ApiId: z.string(),
    RouteKey: z.string(),
    Target: z.string(),
    AuthorizationType: z.enum(['NONE', 'AWS_IAM', 'JWT']).default('NONE'),
    AuthorizerId: z.string().optional(),
    AuthorizationScopes: z.array(z.string()).optional(),
    OperationName: inertProperty('it is for the console'),
  }),
  (naming) => ({ ref: apiId(naming.suggestedName) }),
);

/** Enforced only where the stack is started with authentication, and then a JWT is not played. */
export const httpAuthorizer = played(
  'AWS::ApiGatewayV2::Authorizer',
  z.strictObject({
    ApiId: z.string(),
    Name: z.string(),
    AuthorizerType: z.literal('JWT'),
    IdentitySource: z.array(z.string()),
    JwtConfiguration: z.strictObject({ Audience: z.array(z.string()), Issuer: z.string() }),
  }),
  (naming) => ({ ref: apiId(naming.suggestedName) }),
);
