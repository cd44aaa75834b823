import * as z from 'zod';
import type { Notification } from '../core/notifications.ts';

const severity = z.enum(['info', 'warning', 'error', 'critical']);

/** A row of ops.v_publications_due. */
export const publicationDue = z.strictObject({
  publication_id: z.string(),
  event: z.enum(['opened', 'reopened', 'escalated', 'resolved']),
  dedup_key: z.string(),
  alert_id: z.string(),
  type: z.string(),
  subject: z.string(),
  severity,
  value: z.string().nullable(),
  threshold: z.string(),
  comparison: z.enum(['above', 'below', 'at_least']),
  measure: z.enum(['value', 'week_over_week']),
  rule_version: z.int(),
  cause: z.string(),
  action: z.string(),
  opened_as_of: z.iso.date(),
  as_of: z.iso.date(),
  run_id: z.guid(),
  pipeline: z.string(),
});

export type PublicationDue = z.infer<typeof publicationDue>;

/** What the probe of the alert path has for a type: subscriptions of people leave it out by this attribute. */
export const PROBE_TYPE = 'ALERT_PATH_PROBE';

/** The log line of a probe that arrived. CloudWatch counts these, whatever the functions' log level. */
export const ARRIVED = 'alert probe arrived';

const SEVERITIES = {
  info: 'información',
  warning: 'advertencia',
  error: 'error',
  critical: 'crítico',
} as const;
const EVENTS = {
  opened: 'alerta nueva',
  reopened: 'alerta reabierta',
  escalated: 'alerta agravada',
  resolved: 'alerta resuelta',
} as const;
const COMPARISONS = { above: '>', below: '<', at_least: '>=' } as const;

/** SNS: fewer than 100 characters. */
const MOST_OF_SUBJECT = 99;

/** The same row gives the same message, to the letter: one that is sent twice can be told by its key. */
export function alertMessage(due: PublicationDue): Notification {
  const resolved = due.event === 'resolved';
  const unit = due.measure === 'week_over_week' ? ' %' : '';
  const about = due.subject === 'cabinet' ? '' : ` (${due.subject})`;
  const figure = `${due.value ?? 'sin valor'}${unit}`;
  const threshold = `${COMPARISONS[due.comparison]} ${due.threshold}${unit}`;
  const headline = `[${SEVERITIES[due.severity]}] ${EVENTS[due.event]}: ${due.type}${about}`;
  const lines = [
    resolved ? headline : `${headline}: ${figure} ${threshold}`,
    '',
    resolved ? 'La condición ya no se cumple, o dejó de evaluarse.' : `Causa: ${due.cause}`,
    ...(resolved ? [] : [`Acción: ${due.action}`]),
    '',
    `Tipo: ${due.type}`,
    `Sobre: ${due.subject}`,
    `Severidad: ${due.severity}`,
    `${resolved ? 'Último valor mientras se cumplía' : 'Valor'}: ${figure}`,
    `Umbral: ${threshold} (versión ${due.rule_version})`,
    `Fecha de negocio: ${due.as_of}`,
    ...(due.event === 'opened' ? [] : [`Abierta desde: ${due.opened_as_of}`]),
    `Corrida: ${due.run_id}`,
    '',
    `Ver las alertas: GET /api/v1/ops/alerts?acknowledged=false`,
    ...(resolved ? [] : [`Marcarla como vista: POST /api/v1/ops/alerts/${due.alert_id}/acknowledge`]),
    `Ver la corrida: GET /api/v1/runs/${due.run_id}`,
    '',
    `Clave: ${due.dedup_key}`,
  ];
  return {
    subject: asciiSubject(lines[0] ?? headline),
    body: lines.join('\n'),
    attributes: {
      type: due.type,
      severity: due.severity,
      pipeline: due.pipeline,
      event: due.event,
      dedup_key: due.dedup_key,
    },
  };
}

/** @param key `probe-7`: what its receiver records it by */
export function probeMessage(key: string, pipeline: string): Notification {
  return {
    subject: 'Prueba diaria del camino de avisos',
    body: `Prueba diaria del camino de avisos: no hay nada que hacer.\n\nClave: ${key}`,
    attributes: { type: PROBE_TYPE, severity: 'info', pipeline, event: 'probe', dedup_key: key },
  };
}

/** `crítico` -> `critico`: accents go, whatever else is not ASCII becomes a question mark, and it is cut to length. */
export function asciiSubject(text: string): string {
  const plain = text
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '?');
  return plain.length > MOST_OF_SUBJECT ? `${plain.slice(0, MOST_OF_SUBJECT - 3)}...` : plain;
}
