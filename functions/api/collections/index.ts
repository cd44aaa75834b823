import { claimsGap } from '../claims-gap.ts';
import { claimsGapSummary } from '../claims-gap-summary.ts';
import { withAliases } from './aliases.ts';
import { claimsGapExport } from './claims-gap-export.ts';
import { claimsToCollect } from './claims-to-collect.ts';
import { claimsToCollectExport } from './claims-to-collect-export.ts';
import { cobranzaExport } from './export.ts';
import { funnelGap } from './funnel-gap.ts';
import { limbo } from './limbo.ts';
import { limboExport } from './limbo-export.ts';
import { mvHealth } from './mv-health.ts';
import { scoutMetrics } from './scout-metrics.ts';
import { cobranzaTable } from './table.ts';
import { weeklyKpis } from './weekly-kpis.ts';

/** The collection screens, by their first path. */
export const screens = [
  cobranzaTable,
  cobranzaExport,
  scoutMetrics,
  weeklyKpis,
  limbo,
  limboExport,
  claimsGap,
  claimsGapSummary,
  claimsGapExport,
  funnelGap,
  claimsToCollect,
  claimsToCollectExport,
  mvHealth,
];

/** Under every path of theirs. */
export const collections = screens.flatMap(withAliases);
