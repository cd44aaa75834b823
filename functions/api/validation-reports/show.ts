import * as z from 'zod';
import { endpoint, type HttpResult, noParameters, ok } from '../../core/http.ts';
import { pageResult } from './page-result.ts';
import { document, readReport } from './report.ts';

const path = z.strictObject({ run_id: z.guid().describe('Of the list of validations.') });

/** GET one validation: JSON, or the page for people where a browser asks. */
export const validationReport = endpoint({
  method: 'GET',
  route: '/api/v1/ops/validation-reports/{run_id}',
  summary:
    'One validation: every check with value, threshold and examples; a page for people with Accept: text/html',
  query: noParameters,
  path,
  answer: document,
  also: { page: 'text/html' },
  problems: { 404: ['UNKNOWN_RUN', 'NO_VALIDATION'] },
  async run({ event, path: { run_id }, environment }) {
    const found = await readReport(environment.control, run_id);
    const result = wantsPage(event.headers['accept']) ? pageResult(event, found) : ok(event, found);
    return varying(result);
  },
});

/** GET the page, for those who cannot say what they accept: a link in a message. */
export const validationReportPage = endpoint({
  method: 'GET',
  route: '/api/v1/ops/validation-reports/{run_id}/page',
  summary: 'One validation as a page for people, in Spanish',
  query: noParameters,
  path,
  answer: { page: 'text/html' },
  problems: { 404: ['UNKNOWN_RUN', 'NO_VALIDATION'] },
  async run({ event, path: { run_id }, environment }) {
    return pageResult(event, await readReport(environment.control, run_id));
  },
});

/** A browser names text/html; whoever also takes JSON, or anything, gets JSON. */
function wantsPage(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('application/json');
}

function varying(result: HttpResult): HttpResult {
  return { ...result, headers: { ...result.headers, vary: 'accept' } };
}
