import type { Context } from 'aws-lambda';
import { sealAndVerify, sealOrVerify } from './audit-seal.ts';
import { readEvent } from './events.ts';
import { createLog } from './log.ts';
import { openEnvironment } from './services.ts';

/**
 * Seals what was added to the audit trail and walks the trail when that is due. Twice seals nothing twice, and two at once
 * take turns. Answers its schedule, and a person: `{}` says what there is to seal. Not lambdaHandler's: no queue is
 * involved, and without the client for queues it is a third smaller.
 */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  const log = createLog().with({ function: 'audit-seal', requestId: context.awsRequestId });
  try {
    const read = readEvent(event);
    const { control, codeVersion } = await openEnvironment('audit-seal');
    const work = { sql: control.sql, log, codeVersion, remaining: () => context.getRemainingTimeInMillis() };
    if (read.from === 'schedule') return await sealAndVerify(work, read.schedule.dryRun);
    return await sealOrVerify(read.from === 'invoke' ? read.input : {}, work);
  } catch (error) {
    log.error('invocation failed', { error });
    throw error;
  }
}
