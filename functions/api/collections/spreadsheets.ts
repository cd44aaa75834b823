import { withAliases } from './aliases.ts';
import { claimsGapExport } from './claims-gap-export.ts';
import { claimsToCollectExport } from './claims-to-collect-export.ts';
import { cobranzaExport } from './export.ts';
import { limboExport } from './limbo-export.ts';

/** What the screens show, as files, by their first path. */
export const spreadsheets = [cobranzaExport, limboExport, claimsGapExport, claimsToCollectExport];

/** Under every path of theirs. */
export const exports = spreadsheets.flatMap(withAliases);
