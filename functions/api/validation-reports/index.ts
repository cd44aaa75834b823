import { validationReports } from './list.ts';
import { validationReport, validationReportPage } from './show.ts';

/** What the nightly validation found, as data and as a page. */
export const validationReads = [validationReports, validationReport, validationReportPage];
