import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alertMessage,
  asciiSubject,
  type PublicationDue,
  probeMessage,
} from '../../functions/cabinet/alert-message.ts';

const due: PublicationDue = {
  publication_id: '3',
  event: 'opened',
  dedup_key: 'alert-2-7',
  alert_id: '2',
  type: 'GAPS_WEEKLY_GROWTH',
  subject: 'cabinet',
  severity: 'critical',
  value: '33.33',
  threshold: '20',
  comparison: 'above',
  measure: 'week_over_week',
  rule_version: 2,
  cause: 'Las brechas crecieron.',
  action: 'Revisar qué vetaron los jobs.',
  opened_as_of: '2026-01-10',
  as_of: '2026-01-13',
  run_id: '00000000-0000-4000-8000-000000000001',
  pipeline: 'cabinet-daily',
};

describe('a message', () => {
  test('has a subject that a mail client can show, and the accents in the body', () => {
    const { subject, body } = alertMessage(due);
    expect(subject).toBe('[critico] alerta nueva: GAPS_WEEKLY_GROWTH: 33.33 % > 20 %');
    expect(body.split('\n')[0]).toBe('[crítico] alerta nueva: GAPS_WEEKLY_GROWTH: 33.33 % > 20 %');
  });

  test('of a job or a view names it', () => {
    const message = alertMessage({
      ...due,
      type: 'JOB_FAILING',
      subject: 'cabinet.trips-load',
      measure: 'value',
      value: '3',
      threshold: '3',
      comparison: 'at_least',
    });
    expect(message.subject).toBe('[critico] alerta nueva: JOB_FAILING (cabinet.trips-load): 3 >= 3');
    expect(message.body).toContain('Sobre: cabinet.trips-load');
  });

  test('that it is over asks for nothing', () => {
    const { subject, body } = alertMessage({ ...due, event: 'resolved' });
    expect(subject).toBe('[critico] alerta resuelta: GAPS_WEEKLY_GROWTH');
    expect(body).toContain('La condición ya no se cumple');
    expect(body).toContain('Último valor mientras se cumplía: 33.33 %');
    expect(body).toContain('Abierta desde: 2026-01-10');
    expect(body).not.toMatch(/Causa:|Acción:|acknowledge$/m);
  });

  test('without a value says so', () => {
    expect(alertMessage({ ...due, value: null }).body).toContain('Valor: sin valor');
  });

  test('of the probe is told apart by its type', () => {
    expect(probeMessage('probe-7', 'cabinet-daily').attributes).toMatchObject({
      type: 'ALERT_PATH_PROBE',
      dedup_key: 'probe-7',
    });
  });
});

test('every subject is what SNS takes: ASCII, one line, under 100 characters, beginning with a printable one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const { subject } = alertMessage({ ...due, subject: text });
      expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
    }),
  );
  expect(asciiSubject('ñandú 漢')).toBe('nandu ?');
  expect(asciiSubject('x'.repeat(99))).toBe('x'.repeat(99));
  expect(asciiSubject('x'.repeat(100))).toBe(`${'x'.repeat(96)}...`);
});
