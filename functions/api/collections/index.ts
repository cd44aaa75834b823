import { claimsGap } from '../claims-gap.ts';
import { claimsGapSummary } from '../claims-gap-summary.ts';
import { withAliases } from './aliases.ts';
import { claimsToCollect } from './claims-to-collect.ts';
import { funnelGap } from './funnel-gap.ts';
import { limbo } from './limbo.ts';
import { mvHealth } from './mv-health.ts';
import { scoutMetrics } from './scout-metrics.ts';
import { cobranzaTable } from './table.ts';
import { weeklyKpis } from './weekly-kpis.ts';

/** The collection screens, by their first path. */
export const screens = [
  cobranzaTable,
  scoutMetrics,
  weeklyKpis,
  limbo,
  claimsGap,
  claimsGapSummary,
  funnelGap,
  claimsToCollect,
  mvHealth,
];

/** Under every path of theirs. */
export const collections = screens.flatMap(withAliases);
