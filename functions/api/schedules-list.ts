import * as z from 'zod';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { describeSchedules, scheduleDocument, scheduleParts } from './schedule-document.ts';

/** GET /api/v1/schedules: what starts runs by the clock, with its state, its next time and its last run. */
export const schedulesList = (parts = scheduleParts) =>
  endpoint({
    method: 'GET',
    route: '/api/v1/schedules',
    summary: 'Schedules, with their state, next time and last run',
    query: noParameters,
    path: noParameters,
    answer: z.strictObject({ data: z.array(scheduleDocument) }),
    async run({ event, environment }) {
      return ok(event, { data: await describeSchedules(environment.control.sql, parts.schedules(), parts) });
    },
  });
