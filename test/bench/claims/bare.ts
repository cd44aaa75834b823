import { judgeGaps } from '../../../functions/cabinet/claims-statement.ts';
import { connect } from '../../../functions/core/database.ts';
import { start } from './job.ts';
import { type Measured, measured } from './measured.ts';

export interface BareOrder {
  readonly url: string;
  readonly asOf: string;
  readonly limit: number;
}

/**
 * The job's own statement on one connection: begin, the as-of date, the statement, commit. No run is started, no
 * attempt taken up or settled, nothing counted or reported. Its decisions need a job run to belong to, made before.
 */
export async function runBare({ url, asOf, limit }: BareOrder): Promise<Measured> {
  const control = connect({ url, applicationName: 'bench control' });
  const { jobRunId } = await start(control, 'cabinet.claims-reconcile', { asOf }).finally(() =>
    control.close(),
  );
  const work = connect({ url, applicationName: 'bench work' });
  try {
    return await measured([work], async () => {
      await work.transaction(async (sql) => {
        await sql`select set_config('cuadre.as_of', ${asOf}, true)`;
        const selection = { cutoff: null, limit, onlyMilestone: null, weekStart: null, after: null };
        await judgeGaps(sql, jobRunId, false, selection);
      });
      return { jobRunId };
    });
  } finally {
    await work.close();
  }
}
