import { html, type Markup } from './html.ts';
import type { Check, Document } from './report.ts';
import { STYLE } from './style.ts';

const OUTCOMES = {
  FAILED: 'Falla',
  WARNING: 'Aviso',
  NOT_EVALUATED: 'No evaluada',
  PASSED: 'Pasa',
  INFORMED: 'Informa',
} as const;

const LEVELS = {
  H: 'H: si no se cumple, falla',
  W: 'W: si no se cumple, avisa',
  I: 'I: solo informa',
} as const;

/** The validation as a page that needs nothing else: no script, no resource, no link out. */
export function page(report: Document): string {
  const order = Object.keys(OUTCOMES);
  const checks = report.checks.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const title = `Validación del ${report.as_of}`;
  const { markup } = html`<html lang="es">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="verdict ${report.all_passed ? 'PASSED' : 'FAILED'}">${verdictOf(report)}</p>
<p class="quiet">Corrida <code>${report.run_id}</code>${report.dry_run ? ' (simulacro: no se guardó ningún valor)' : ''}, terminada ${report.finished_at}, código <code>${report.code_version}</code></p>
${counts(report)}
</header>
<main>
<h2>Verificaciones</h2>
${table(['Resultado', 'Verificación', 'Valor', 'Umbral', 'Qué significa y qué hacer'], checks.map(rowOf))}
<h2>Correlación de cobranza</h2>
<p>Lo que dicen la tabla, las semanas y las filas, al centavo.</p>
${
  report.correlation.length === 0
    ? html`<p>No evaluada: la vista materializada nunca se actualizó.</p>`
    : table(
        ['Filtro', 'Medida', 'Tabla', 'Semanas', 'Filas', 'Sin semana', 'Igual'],
        report.correlation.map(
          (each) =>
            html`<tr><td><code>${each.filter}</code></td><td>${each.measure}</td><td class="number">${each.table}</td><td class="number">${each.weekly}</td><td class="number">${each.rows}</td><td class="number">${each.without_week}</td><td class="outcome ${each.equal ? 'PASSED' : 'FAILED'}">${each.equal ? 'Sí' : 'No'}</td></tr>`,
        ),
      )
}
<h2>Rendimiento</h2>
${table(
  ['Consulta', 'Tiempo (ms)', 'Límite (ms)', 'Dentro'],
  report.performance.map(
    (each) =>
      html`<tr><td><code>${each.name}</code></td><td class="number">${each.milliseconds}</td><td class="number">${each.limit_ms}</td><td class="outcome ${each.within ? 'PASSED' : 'WARNING'}">${each.within ? 'Sí' : 'No'}</td></tr>`,
  ),
)}
</main>
</body>
</html>
`;
  return `<!doctype html>\n${markup}`;
}

function verdictOf({ all_passed, failed, warnings }: Document): string {
  if (!all_passed) return failed === 1 ? 'Falla 1 verificación' : `Fallan ${failed} verificaciones`;
  if (warnings === 0) return 'Todo pasa';
  return warnings === 1 ? 'Pasa, con 1 aviso' : `Pasa, con ${warnings} avisos`;
}

function counts({ passed, warnings, failed, informed, not_evaluated }: Document): Markup {
  const all: readonly [outcome: string, count: number, word: string][] = [
    ['PASSED', passed, 'pasan'],
    ['WARNING', warnings, 'avisan'],
    ['FAILED', failed, 'fallan'],
    ['INFORMED', informed, 'informan'],
    ['NOT_EVALUATED', not_evaluated, 'sin evaluar'],
  ];
  return html`<ul class="counts">${all.map(([outcome, count, word]) => html`<li class="${outcome}"><b>${count}</b>${word}</li>`)}</ul>`;
}

function rowOf(check: Check): Markup {
  return html`<tr id="${check.name}"><td class="outcome ${check.outcome}">${OUTCOMES[check.outcome]}</td><td><code>${check.name}</code><br><span class="quiet">${LEVELS[check.level]}</span></td><td class="number">${figuresOf(check)}</td><td class="number">${thresholdOf(check)}</td><td>${check.meaning}<br><span class="quiet">${check.action}</span>${examplesOf(check)}</td></tr>
`;
}

function figuresOf({ value, values, unit }: Check): Markup {
  if (value !== null) return html`${value} ${unit}`;
  const each = Object.entries(values).map(([subject, of]) => html`${subject}: ${of ?? '-'} ${unit}<br>`);
  return html`${each}`;
}

function thresholdOf({ comparison, threshold, unit }: Check): string {
  if (comparison === null || threshold === null) return '-';
  return `${comparison === 'at_most' ? 'a lo sumo' : 'al menos'} ${threshold} ${unit}`;
}

function examplesOf({ examples }: Check): Markup {
  if (examples.length === 0) return html``;
  const each = examples.map(
    ({ subject, detail, evidence }) =>
      html`<li><code>${subject}</code>${detail === undefined ? '' : `: ${detail}`}<br><code class="quiet">${JSON.stringify(evidence)}</code></li>`,
  );
  return html`<details><summary>${examples.length === 1 ? '1 ejemplo' : `${examples.length} ejemplos`}</summary><ul>${each}</ul></details>`;
}

function table(heads: readonly string[], body: readonly Markup[]): Markup {
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${body}</tbody></table></div>`;
}
