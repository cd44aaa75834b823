import { Construct } from 'constructs';
import { BundledFunction, type Deployment, OCCASIONAL } from './bundled-function.ts';
import type { DatabaseClient } from './database-client.ts';
import { ScheduledFunction } from './scheduled-function.ts';

/** Physical name without the prefix. */
export const AUDIT_SEAL = 'audit-seal';

export interface AuditSealsProps {
  readonly deployment: Deployment;
  readonly client: DatabaseClient;
}

/** Seals the audit trail, once a day. docs/audit.md. */
export class AuditSeals extends Construct {
  constructor(scope: Construct, id: string, { deployment, client }: AuditSealsProps) {
    super(scope, id);
    const target = new BundledFunction(this, 'Seal', {
      deployment,
      name: AUDIT_SEAL,
      entry: 'functions/core/audit-seal-handler.ts',
      description:
        'Seals what was added to the audit trail, and walks the whole of it. Input: dryRun, verify, head; {} only says what there is.',
      // As long as a function may take: a walk over tens of millions of entries.
      timeoutSeconds: 900,
      memoryMb: 256,
      database: { client, role: 'jobs' },
      demand: OCCASIONAL,
    });
    new ScheduledFunction(this, 'Daily', {
      deployment,
      schedules: {
        EveryDay: {
          name: AUDIT_SEAL,
          description: 'Seals what was added to the audit trail, when the night is over',
          // Lima has no daylight saving time; after the night and the daily sweep, which closes what it left.
          schedule: { expression: 'cron(0 7 * * ? *)', timeZone: 'America/Lima' },
        },
      },
      target,
      deadLetterQueueName: `${AUDIT_SEAL}-dlq`,
    });
  }
}
