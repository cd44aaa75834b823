import * as z from 'zod';
import { workerConfig } from '../core/config.ts';
import type { Sql } from '../core/database.ts';
import { PermanentError } from '../core/errors.ts';
import { counted, decided, type JobFigures } from '../core/figures.ts';
import { type Job, type JobContext, job, type Outcome } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { type Notifier, snsNotifier } from '../core/notifications.ts';
import {
  alertMessage,
  PROBE_TYPE,
  type PublicationDue,
  probeMessage,
  publicationDue,
} from './alert-message.ts';
import { cabinetDaily } from './pipeline.ts';

/** Messages a transaction: what is lost with one, at most, is the note that so many were sent, and they are sent again. */
const PER_CHUNK = 10;

export const input = z.strictObject({});

const progressed = z.strictObject({
  /** The last publication that was tried: one that SNS refuses must not hold up those after it. */
  after: z.string(),
  sent: z.int(),
  refused: z.array(z.string()),
  probed: z.boolean(),
});
type Progressed = z.infer<typeof progressed>;

/**
 * Sends what the alerts have left to be told, by this night or an earlier one, in the order of the changes, and at the
 * end a probe of the path. Sent at least once: stopping between SNS's answer and the commit sends a message again,
 * with the same key in it. docs/cabinet-alerts.md, "Telling people".
 */
export function alertPublicationJob(notifier: () => Notifier): Job {
  return job({
    name: 'cabinet.alert-publication',
    input,
    async run(context) {
      if (context.dryRun) return sayWhatIsDue(context);
      const to = notifier();
      // Publications take turns: two runs would send the same rows. Any number that no one else locks; "notify".
      await context.sql`select pg_advisory_xact_lock(x'6e6f74696679'::bigint)`;
      if (context.checkpoint === null) {
        // Before anything is sent: a probe that never gets as far as SNS has to be missed too.
        await context.sql`insert into ops.alert_probes (job_run_id) values (${context.jobRunId}::uuid) on conflict do nothing`;
        return { report: {}, next: { after: '0', sent: 0, refused: [], probed: false } };
      }
      const state = progressed.parse(context.checkpoint);
      const due = await dueAfter(context.sql, state.after);
      if (due.length > 0) return { report: {}, next: await sendAlerts(context, to, due, state) };
      if (!state.probed) {
        await sendProbe(context, to);
        return { report: {}, next: { ...state, probed: true } };
      }
      if (state.refused.length > 0) {
        throw new PermanentError(
          `SNS refused ${state.refused.length} messages, which stay due: publications ${state.refused.join(', ')}`,
          { code: 'PUBLICATION_REFUSED' },
        );
      }
      return { report: { sent: state.sent, would_be_sent: 0, probe_sent: true } };
    },
  });
}

async function sendAlerts(
  { sql, jobRunId, log }: JobContext<object>,
  to: Notifier,
  due: readonly PublicationDue[],
  state: Progressed,
): Promise<Progressed> {
  const refused: string[] = [];
  const sent: string[] = [];
  for (const row of due) {
    try {
      const messageId = await to.publish(alertMessage(row));
      await sql`
        update ops.alert_publications set sent_at = clock_timestamp(), message_id = ${messageId}
        where publication_id = ${row.publication_id}::bigint`;
      await file(sql, jobRunId, 'SENT', row);
      sent.push(row.publication_id);
    } catch (error) {
      if (error instanceof PermanentError && error.code === 'SNS_REFUSED') {
        log.error('a message was refused', { publicationId: row.publication_id, type: row.type, error });
        refused.push(row.publication_id);
        continue;
      }
      // What was sent is noted first; the next chunk meets the same fault, and nothing before it that it could lose.
      if (sent.length === 0) throw error;
      log.warn('sending stops here for now', { sent: sent.length, error });
      break;
    }
  }
  const tried = [...sent, ...refused].map(BigInt);
  const last = tried.reduce((newest, each) => (each > newest ? each : newest), BigInt(state.after));
  return {
    ...state,
    after: String(last),
    sent: state.sent + sent.length,
    refused: [...state.refused, ...refused],
  };
}

async function sendProbe({ sql, jobRunId }: JobContext<object>, to: Notifier): Promise<void> {
  const [probe] = await sql(z.strictObject({ key: z.string(), waits: z.boolean() }))`
    select 'probe-' || probe_id as key, sent_at is null as waits from ops.alert_probes where job_run_id = ${jobRunId}::uuid`;
  if (probe === undefined) throw new Error('the probe of this job run was recorded by its first chunk');
  if (!probe.waits) return;
  const messageId = await to.publish(probeMessage(probe.key, cabinetDaily.name));
  await sql`
    update ops.alert_probes set sent_at = clock_timestamp(), message_id = ${messageId} where job_run_id = ${jobRunId}::uuid`;
  await sql`
    insert into ops.decisions (job_run_id, subject, decision, evidence)
    values (${jobRunId}::uuid, ${PROBE_TYPE}, 'SENT', jsonb_build_object('dedup_key', ${probe.key}::text))`;
}

async function sayWhatIsDue({ sql, jobRunId }: JobContext<object>): Promise<Outcome> {
  let count = 0;
  for (let after = '0'; ; ) {
    const due = await dueAfter(sql, after);
    for (const row of due) await file(sql, jobRunId, 'WOULD_BE_SENT', row);
    count += due.length;
    const last = due.at(-1);
    if (last === undefined) return { report: { sent: 0, would_be_sent: count, probe_sent: false } };
    after = last.publication_id;
  }
}

function dueAfter(sql: Sql, after: string): Promise<PublicationDue[]> {
  return sql(publicationDue)`
    select publication_id, event, dedup_key, alert_id, type, subject, severity::text, value, threshold, comparison, measure,
           rule_version, cause, action, opened_as_of, as_of, run_id, pipeline
    from ops.v_publications_due where publication_id > ${after}::bigint
    order by publication_id limit ${PER_CHUNK}`;
}

async function file(
  sql: Sql,
  jobRunId: string,
  decision: 'SENT' | 'WOULD_BE_SENT',
  row: PublicationDue,
): Promise<void> {
  const { type, subject, event, severity, dedup_key } = row;
  const named = subject === 'cabinet' ? type : `${type}/${subject}`;
  await sql`
    insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
    values (${jobRunId}::uuid, ${named}, ${decision}, ${event.toUpperCase()}, ${severity}, jsonb_build_object('dedup_key', ${dedup_key}::text))`;
}

/** The topic that the environment names. */
function topicOfEnvironment(): Notifier {
  const { ALERT_TOPIC_ARN } = workerConfig(process.env);
  if (ALERT_TOPIC_ARN !== undefined) return snsNotifier(ALERT_TOPIC_ARN);
  throw new PermanentError(
    'this process knows no topic to tell people through: ALERT_TOPIC_ARN is not set. What is due stays due; a dry run lists it',
    { code: 'NO_ALERT_TOPIC' },
  );
}

export const alertPublication = /* @__PURE__ */ alertPublicationJob(topicOfEnvironment);

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/alert-publication.ts',
  objects: ['ops.v_publications_due'],
  figures: {
    sent: counted({ decisions: ['SENT'], notSubjects: [PROBE_TYPE] }),
    would_be_sent: decided('WOULD_BE_SENT'),
    probe_sent: { from: 'decisions', filter: { decisions: ['SENT'], subjects: [PROBE_TYPE] }, any: true },
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, alertPublication);
