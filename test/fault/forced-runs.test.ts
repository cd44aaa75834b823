import { beforeAll, describe, expect, test } from 'vitest';
import { ConflictError } from '../../functions/core/errors.ts';
import { cancelRun, retryRun } from '../../functions/core/operations.ts';
import { testDatabase, versions } from '../support/database.ts';
import { Drive } from '../support/drive.ts';
import { createEffects, nextDate, toyJob, toyJobs, toyPipeline } from '../support/toy.ts';

const by = { operator: 'ana', reason: 'a test' };

describe.each(versions)('one run at a time per pipeline and date, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });
  let drive: Drive;
  beforeAll(async () => {
    await createEffects(database.admin);
    drive = new Drive(
      database,
      toyPipeline,
      toyJobs.map((name) => toyJob(name)),
    );
  });

  test('unless it is forced, which is recorded', async () => {
    const asOf = nextDate();
    const first = await drive.start(asOf);
    await expect(drive.start(asOf)).rejects.toThrow(
      `toy-daily as of ${asOf} is already being run by ${first}`,
    );
    const forced = await drive.start(asOf, { forced: true });
    expect((await drive.document(forced)).forced).toBe(true);
    expect((await drive.document(first)).forced).toBe(false);
    const again = await drive.start(asOf, { forced: true });
    await drive.drain();
    for (const runId of [first, forced, again])
      expect((await drive.document(runId)).status).toBe('succeeded');
  });

  test('also when the one under way was forced', async () => {
    const asOf = nextDate();
    const forced = await drive.start(asOf, { forced: true });
    await expect(drive.start(asOf)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    await expect(drive.start(asOf)).rejects.toBeInstanceOf(ConflictError);
    await drive.drain();
    expect((await drive.document(forced)).status).toBe('succeeded');
    await drive.start(asOf);
    await drive.drain();
  });

  test('and one that is taken up again finds no other, forced or not', async () => {
    const asOf = nextDate();
    const one = await drive.start(asOf);
    await cancelRun(database.admin.sql, one, by);
    const forced = await drive.start(asOf, { forced: true });
    await expect(retryRun(database.admin.sql, one, by)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    await drive.drain();
    expect((await drive.document(forced)).status).toBe('succeeded');
    await retryRun(database.admin.sql, one, by);
    await drive.send();
    await drive.drain();
    expect((await drive.document(one)).status).toBe('succeeded');
  });
});
