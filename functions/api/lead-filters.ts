import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';

/** The parameters by which lists of leads and claims are narrowed, each with the same meaning everywhere. */

export const milestone = z
  .enum(['1', '5', '25'], 'must be one of the milestones 1, 5 and 25')
  .transform(Number)
  .pipe(z.literal([1, 5, 25]))
  .describe('The milestone, by its trips.');

export const weekOfLead = calendarDate
  .optional()
  .describe('Only leads of the week that begins on this Monday; another day finds none.');

export const leadDateFrom = calendarDate.optional().describe('No lead dated before it.');
export const leadDateTo = calendarDate.optional().describe('No lead dated after it.');
