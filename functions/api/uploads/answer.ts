import * as z from 'zod';
import type { Taken } from '../../cabinet/uploads/take-upload.ts';
import type { StartedRun } from '../../core/ledger.ts';
import { nothingToSend, type Sending, sendingShape } from '../sending.ts';

/** What an upload answers: the source of the documentation too. */
export const uploadAnswer = z.strictObject({
  upload_id: z.guid(),
  dataset: z.enum(['leads', 'trips', 'payments']),
  /** `partial`: some rows were rejected or differ from what is there. */
  status: z.enum(['success', 'partial']),
  message: z.string(),
  dry_run: z.boolean(),
  file: z.strictObject({ name: z.string().nullable(), bytes: z.int(), sha256: z.string() }),
  stats: z.strictObject({
    total_rows: z.int(),
    total_inserted: z.int(),
    total_ignored: z.int(),
    total_different: z.int(),
    total_rejected: z.int(),
    first_date: z.iso.date().nullable(),
    last_date: z.iso.date().nullable(),
  }),
  errors: z.array(
    z.strictObject({
      line: z.int(),
      field: z.string().nullable(),
      value: z.string().nullable(),
      rule: z.string(),
    }),
  ),
  differences: z.array(z.strictObject({ line: z.int(), fields: z.string().nullable(), rule: z.string() })),
  auto_process: z.boolean(),
  /** The run that was started for it, or that the same upload had started before. */
  run_id: z.guid().nullable(),
  /** Why none was started although one was asked for. */
  run_refused: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
  ...sendingShape,
});
export type UploadAnswer = z.output<typeof uploadAnswer>;

export type Processing =
  | { readonly asked: false }
  | { readonly asked: true; readonly run: StartedRun; readonly sending: Sending }
  | { readonly asked: true; readonly refused: { readonly code: string; readonly detail: string } };

export function answerOf(taken: Taken, dryRun: boolean, processing: Processing): UploadAnswer {
  const { upload, errors, differences } = taken;
  const { inserted, ignored, different, rejected } = upload;
  return {
    upload_id: upload.upload_id,
    dataset: upload.dataset,
    status: rejected + different === 0 ? 'success' : 'partial',
    message: `${upload.total_rows} rows: ${inserted} ${dryRun ? 'would be ' : ''}inserted, ${ignored} there already, ${different} there with other content, ${rejected} rejected`,
    dry_run: dryRun,
    file: { name: upload.file_name, bytes: upload.bytes, sha256: upload.sha256 },
    stats: {
      total_rows: upload.total_rows,
      total_inserted: inserted,
      total_ignored: ignored,
      total_different: different,
      total_rejected: rejected,
      first_date: upload.first_date,
      last_date: upload.last_date,
    },
    errors: [...errors],
    differences: differences.map(({ line, field, rule }) => ({ line, fields: field, rule })),
    auto_process: processing.asked,
    run_id: 'run' in processing ? processing.run.runId : null,
    run_refused: 'refused' in processing ? processing.refused : null,
    ...('sending' in processing ? processing.sending : nothingToSend),
  };
}
