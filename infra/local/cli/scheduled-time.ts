import { dateIn } from '../../../functions/core/dates.ts';
import type { Schedule } from '../../../functions/core/pipeline.ts';
import { parseExpression } from '../../../functions/core/schedules/expression.ts';

/** The instant at which a schedule is due on a calendar date of its zone. */
export function scheduledTimeOn({ expression, timeZone }: Schedule, date: string): Date {
  // From a day before: wherever the zone is, the date has not begun there.
  const origin = Date.parse(`${date}T00:00:00Z`) - 86_400_000;
  const next = parseExpression(expression, { timeZone, origin });
  for (let due = next(origin); due !== undefined; due = next(due)) {
    const instant = new Date(due);
    const on = dateIn(timeZone, instant);
    if (on === date) return instant;
    if (on > date) break;
  }
  throw new Error(`${expression} in ${timeZone} is not due on ${date}`);
}
