import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { auditDemand, auditRoutes } from '../constructs/audit-routes.ts';
import { BundledFunction, type Deployment } from '../constructs/bundled-function.ts';
import type { Database } from '../constructs/database.ts';
import { DatabaseClient } from '../constructs/database-client.ts';
import { Destinations } from '../constructs/destinations.ts';
import { exportDemand, exportRoutes } from '../constructs/export-routes.ts';
import type { Files } from '../constructs/files.ts';
import { HttpApi } from '../constructs/http-api.ts';
import { recoveryDemand, recoveryRoutes } from '../constructs/recovery-routes.ts';
import { scheduleFunction, scheduleRoutes } from '../constructs/schedule-routes.ts';
import { uploadDemand, uploadRoutes } from '../constructs/upload-routes.ts';
import { DOCUMENT_FILE } from '../openapi/document.ts';
import type { PipelineStack } from './pipeline-stack.ts';

export interface ApiStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly database: Database;
  readonly pipelines: readonly PipelineStack[];
  readonly files: Files;
}

/** HTTP APIs give up after 30 s; a read that takes half of that wants an index, not patience. */
const TIMEOUT_SECONDS = 15;

/**
 * A reading function per subject: each stays small enough to start cold within its byte budget, and the gateway
 * sends a request to the most specific path.
 */
const READS = [
  {
    id: 'Read',
    name: 'api-read',
    entry: 'functions/api/read.ts',
    answers: 'runs, decisions',
    paths: ['/api/v1/{proxy+}'],
  },
  {
    id: 'ReadPayments',
    name: 'api-payments',
    entry: 'functions/api/payments.ts',
    answers: 'payments against achievements, and what was paid without being reached',
    paths: ['/api/v1/yango/payments/{proxy+}'],
  },
  {
    id: 'ReadCollections',
    name: 'api-collections',
    entry: 'functions/api/collections.ts',
    answers: 'who owes what, limbo, claims gap, scouts',
    paths: ['/api/v1/ops/payments/{proxy+}', '/api/v1/payments/{proxy+}', '/api/v1/yango/cabinet/{proxy+}'],
  },
] as const;

/** What a spreadsheet may take of the 30 s; a million rows are written in a few with a processor of its own. */
const EXPORT_TIMEOUT_SECONDS = 28;
/** One virtual CPU; with the 512 MB of the other reads it would be three tenths of one. */
const EXPORT_MEMORY_MB = 1769;

/** The HTTP API: functions that read, one that starts runs with another database role, one that describes them all. */
export class ApiStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { deployment, database, pipelines, files, ...props }: ApiStackProps,
  ) {
    super(scope, id, props);
    const client = new DatabaseClient(this, 'Client', database);
    const destinations = new Destinations(
      pipelines.flatMap(({ queues }) => queues.map(([job, { queue }]) => [job, queue] as const)),
    );
    const { rateLimit, burstLimit } = deployment.config.api;
    // The throttling is per route, and each function has one. At worst every request takes all its time.
    const demand = { concurrency: rateLimit * TIMEOUT_SECONDS + burstLimit, connections: 1 } as const;
    const reads = READS.flatMap(({ id: readId, name, entry, answers, paths }) => {
      const handler = new BundledFunction(this, readId, {
        deployment,
        name,
        entry,
        description: `Answers the GET requests of the API: ${answers}. Input: HTTP API requests (payload 2.0).`,
        timeoutSeconds: TIMEOUT_SECONDS,
        memoryMb: 512,
        database: { client, role: 'reader' },
        demand: { ...demand, concurrency: demand.concurrency * paths.length },
      });
      return paths.map((path) => ({ method: 'GET', path, handler }) as const);
    });
    const spreadsheets = new BundledFunction(this, 'ReadExports', {
      deployment,
      name: 'api-exports',
      entry: 'functions/api/exports.ts',
      description:
        'Answers the GET requests of the API for CSV files. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: EXPORT_TIMEOUT_SECONDS,
      memoryMb: EXPORT_MEMORY_MB,
      database: { client, role: 'reader' },
      demand: exportDemand(EXPORT_TIMEOUT_SECONDS),
      environment: { FILES_BUCKET: files.bucketName },
    });
    files.grant(spreadsheets, 'exports', 'read', 'write');
    const audit = new BundledFunction(this, 'ReadAudit', {
      deployment,
      name: 'api-audit',
      entry: 'functions/api/audit.ts',
      description:
        'Answers the GET requests of the API on the audit trail: seals, and what a figure stands on. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMb: 512,
      database: { client, role: 'reader' },
      demand: auditDemand(TIMEOUT_SECONDS),
    });
    const operate = new BundledFunction(this, 'Operate', {
      deployment,
      name: 'api-operate',
      entry: 'functions/api/operate.ts',
      description:
        'Answers the POST requests of the API: starts runs, acknowledges alerts. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMb: 512,
      database: { client, role: 'operator' },
      demand,
      environment: destinations.environment(this),
    });
    destinations.grantSend(operate.function);
    const recovery = new BundledFunction(this, 'Recovery', {
      deployment,
      name: 'api-recovery',
      entry: 'functions/api/recovery.ts',
      description:
        'Answers the POST requests of the API about runs that there are: cancel, retry, redrive, backfill, sweep. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMb: 512,
      database: { client, role: 'operator' },
      demand: recoveryDemand(TIMEOUT_SECONDS),
      environment: destinations.environment(this),
    });
    destinations.grantSend(recovery.function);
    const document = new BundledFunction(this, 'Document', {
      deployment,
      name: 'api-document',
      entry: 'functions/api/openapi.ts',
      copy: [DOCUMENT_FILE],
      description:
        'Answers GET /openapi.json with the API as an OpenAPI 3.1 document. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMb: 256,
      demand: { ...demand, connections: 0 },
    });
    const uploads = new BundledFunction(this, 'Uploads', {
      deployment,
      name: 'api-uploads',
      entry: 'functions/api/uploads.ts',
      description:
        'Takes files of leads, trips and payments in, and gives out links for large ones. Input: HTTP API requests (payload 2.0).',
      timeoutSeconds: EXPORT_TIMEOUT_SECONDS,
      memoryMb: EXPORT_MEMORY_MB,
      database: { client, role: 'operator' },
      demand: uploadDemand(EXPORT_TIMEOUT_SECONDS),
      environment: { ...destinations.environment(this), FILES_BUCKET: files.bucketName },
    });
    destinations.grantSend(uploads.function);
    // A link to upload by is signed with the function's own rights; reading is for being told that the file is there.
    files.grant(uploads, 'uploads', 'read', 'write');
    const schedules = scheduleFunction(this, {
      deployment,
      client,
      schedules: pipelines.map(({ schedule }) => schedule),
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    const api = new HttpApi(this, 'Http', {
      deployment,
      routes: [
        ...reads,
        ...exportRoutes(spreadsheets),
        ...auditRoutes(audit),
        ...uploadRoutes(uploads),
        ...scheduleRoutes(schedules),
        ...recoveryRoutes(recovery),
        { method: 'POST', path: '/api/v1/{proxy+}', handler: operate },
        { method: 'GET', path: '/openapi.json', handler: document },
      ],
    });
    new CfnOutput(this, 'ApiUrl', { value: api.endpoint, description: 'Base address of the API' });
  }
}
