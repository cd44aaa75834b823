import { parseArgs } from 'node:util';
import { type Verified, verifyAudit } from '../../../functions/core/audit.ts';
import { connect } from '../../../functions/core/database.ts';
import { InputError } from '../../../functions/core/errors.ts';
import { assertSchema } from '../../../functions/core/schema-check.ts';
import { openLocalDatabase } from './local-database.ts';
import type { ExitCode } from './main.ts';
import { writeDocument } from './write-result.ts';

/** `npm run verify -- --head 3f…`: walks the whole audit trail; 1 when something is not as it was sealed. docs/audit.md. */
export async function verify(args: readonly string[]): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: { head: { type: 'string' }, 'output-json': { type: 'string' } },
  });
  const anchor = values.head ?? null;
  if (anchor !== null && !/^[0-9a-f]{64}$/.test(anchor)) {
    throw new InputError([
      { field: '--head', value: anchor, rule: 'must be the 64 hex digits of a head, as the log has it' },
    ]);
  }
  const where = await openLocalDatabase(process.env);
  const database = connect({ url: where.url, applicationName: 'cuadre cli verify' });
  try {
    await database.wake();
    await assertSchema(database.sql);
    const codeVersion = process.env['CODE_VERSION'] ?? 'dev';
    const verified = await verifyAudit(database.sql, { anchor, codeVersion, dryRun: false });
    printVerified(verified, anchor);
    if (values['output-json'] !== undefined)
      await writeDocument(values['output-json'], { anchor, ...verified });
    return verified.findings === 0 ? 0 : 1;
  } finally {
    await database.close();
    await where.close();
  }
}

function printVerified(
  { head, seals, entries, findings, examples, duration_ms }: Verified,
  anchor: string | null,
) {
  const walked = `${entries.toLocaleString('en')} entries in ${seals.toLocaleString('en')} seals, ${(duration_ms / 1000).toFixed(1)} s`;
  if (head === null) console.log('nothing is sealed yet');
  else console.log(`head ${head}\n  ${walked}`);
  console.log(
    anchor === null
      ? '  no head was given: a trail that was made anew from end to end would look like this one'
      : `  compared with the head ${anchor}`,
  );
  if (findings === 0) {
    console.log('everything is as it was sealed');
    return;
  }
  console.log(`${findings.toLocaleString('en')} findings`);
  for (const { finding, source, key, seal_no, detail } of examples) {
    console.log(
      `  ${finding} ${source} ${key}${seal_no === undefined ? '' : ` (seal ${seal_no})`}: ${detail}`,
    );
  }
  if (findings > examples.length) console.log(`  and ${findings - examples.length} more`);
}
