import { describe, expect, test } from 'vitest';
import { testDatabase, versions } from '../../support/database.ts';
import { ask } from '../cabinet/relation.ts';
import { findings, seal, tamper } from './trail.ts';

describe.each(versions)('sealing on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test('seals', async () => {
    const a = await seal(database.connect('cuadre_jobs'));
    console.log(a, await seal(database.admin));
    expect(await findings(database.admin)).toEqual([]);
    expect(await findings(database.admin, a.head)).toEqual([]);
    console.log(await ask(database.admin, `select source, count(*) from ops.audit_sealed_entries group by 1`));
    await tamper(database.admin, `update ops.schema_migrations set name = name || 'x' where number = 3`);
    console.log(await findings(database.admin));
  });
});
