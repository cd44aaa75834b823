import { mebibytes, spread } from '../stats.ts';
import type { Figures, Measured, Refused } from './measure.ts';

/** A block per question: a line per number of callers, medians over the rounds. */
export function reportQuestions(results: readonly (Measured | Refused)[]): string[] {
  const lines: string[] = [
    '',
    'callers   req/s product      bare   ratio   p50 product      bare   p99 product      bare   processor ms, server+postgres   memory above idle',
  ];
  let last = '';
  for (const result of results) {
    const { question } = result;
    if (question.name !== last) lines.push('', `${question.name}   GET ${question.path}`);
    last = question.name;
    lines.push(
      'refusal' in result
        ? `  not measured: ${result.refusal}`
        : line(result.callers, middle(result.product), middle(result.bare)),
    );
  }
  return lines;
}

function line(callers: number, product: Figures, bare: Figures): string {
  const ms = (value: number) => value.toFixed(2);
  const cpu = ({ cpu: { server, postgres } }: Figures) => `${ms(server)}+${ms(postgres)}`;
  return [
    String(callers).padStart(7),
    product.perSecond.toFixed(1).padStart(16),
    bare.perSecond.toFixed(1).padStart(10),
    (product.perSecond / bare.perSecond).toFixed(2).padStart(8),
    ms(product.p50).padStart(14),
    ms(bare.p50).padStart(10),
    ms(product.p99).padStart(14),
    ms(bare.p99).padStart(10),
    `${cpu(product)} / ${cpu(bare)}`.padStart(32),
    `${mebibytes(product.memory)} / ${mebibytes(bare.memory)}`.padStart(20),
  ].join('');
}

function middle(figures: readonly Figures[]): Figures {
  const median = (of: (each: Figures) => number) => spread(figures.map(of)).median;
  return {
    perSecond: median(({ perSecond }) => perSecond),
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
    cpu: { server: median(({ cpu }) => cpu.server), postgres: median(({ cpu }) => cpu.postgres) },
    memory: Math.max(...figures.map(({ memory }) => memory)),
  };
}
