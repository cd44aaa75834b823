import type { Night } from './cabinet-night.ts';

/** The night in sentences, in Spanish: what people read first. */
export function tellNight({
  run,
  trips,
  leads,
  claims,
  payments,
  achievements,
  checks,
  alerts,
}: Night): string[] {
  const { gaps_before: before, gaps_after: after } = claims;
  const opened = alerts.filter(({ event }) => event !== 'resolved').map(({ type }) => type);
  const resolved = alerts.filter(({ event }) => event === 'resolved').map(({ type }) => type);
  return [
    run.status === 'succeeded'
      ? `La noche del ${run.as_of} terminó bien.`
      : `La noche del ${run.as_of} terminó con fallas: ver jobs.`,
    trips &&
      `Viajes: ${trips.facts_inserted} nuevos, ${trips.facts_updated} corregidos, ${trips.rejected} filas rechazadas por primera vez.`,
    `Pagos: ${payments.recorded} estados nuevos registrados.`,
    `Leads: ${leads.newly_linked} identificados, ${leads.newly_driver_mapped} con conductor nuevo, ${leads.events_repaired} eventos reparados.`,
    `Hitos: ${achievements.recorded} alcanzados por primera vez.`,
    `Reclamos: ${claims.inserted} generados por S/ ${claims.amount}${perMilestone(claims.by_milestone)}.`,
    before &&
      after &&
      `Brechas abiertas: ${before.count} (S/ ${before.amount}) antes, ${after.count} (S/ ${after.amount}) después.`,
    `Controles: ${checks.passed} correctos, ${checks.warnings} con aviso, ${checks.failed} fallidos.`,
    opened.length > 0 ? `Alertas nuevas: ${opened.join(', ')}.` : 'Ninguna alerta nueva.',
    resolved.length > 0 ? `Alertas resueltas: ${resolved.join(', ')}.` : null,
  ].filter((line) => line !== null);
}

function perMilestone(counts: Night['claims']['by_milestone']): string {
  if (counts.length === 0) return '';
  return ` (${counts.map(({ milestone_value, inserted }) => `M${milestone_value} ${inserted}`).join(', ')})`;
}
