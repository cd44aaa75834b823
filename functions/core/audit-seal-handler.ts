import { sealAndVerify, sealOrVerify } from './audit-seal.ts';
import { lambdaHandler } from './lambda.ts';

/**
 * Seals what was added to the audit trail and walks the trail when that is due. Twice seals nothing twice, and two at once
 * take turns. Answers its schedule, and a person: `{}` says what there is to seal.
 */
export const handler = lambdaHandler('audit-seal', async (event, { environment, log, remaining }) => {
  const { control, codeVersion } = environment;
  const work = { sql: control.sql, log, codeVersion, remaining };
  if (event.from === 'schedule') return sealAndVerify(work, event.schedule.dryRun);
  return sealOrVerify(event.from === 'invoke' ? event.input : {}, work);
});
