import { cursorOf } from '../../../functions/core/cursor.ts';

/** What the screens ask, by the name under which it is reported. */
export interface Question {
  readonly name: string;
  readonly path: string;
}

const TABLE = '/api/v1/ops/payments/cabinet-financial-14d';
const COBRANZA = '/api/v1/yango/cabinet/cobranza-yango';

/**
 * @param deep a row in the middle of the table
 * @param week a week with drivers in it
 * @param lead a lead in the middle of limbo
 */
export function questions(
  deep: { readonly lead_date: string; readonly driver_id: string },
  week: string,
  lead: { readonly lead_date: string; readonly lead_id: number },
): Question[] {
  const after = cursorOf([deep.lead_date, deep.driver_id]);
  const afterLead = cursorOf([lead.lead_date, lead.lead_id]);
  return [
    { name: 'table, as the screen opens: debt, 100', path: `${TABLE}?only_with_debt=true&limit=100` },
    { name: 'table, everyone, page of 50', path: `${TABLE}?limit=50` },
    {
      name: 'table, debt and M25, page of 50',
      path: `${TABLE}?only_with_debt=true&reached_milestone=m25&limit=50`,
    },
    { name: 'table, one week, page of 50', path: `${TABLE}?week_start=${week}&limit=50` },
    { name: 'table, one scout, page of 50', path: `${TABLE}?scout_id=7&limit=50` },
    { name: 'table, page of 50 from the middle', path: `${TABLE}?limit=50&cursor=${after}` },
    { name: 'table, summary with one row', path: `${TABLE}?limit=1` },
    { name: 'weekly KPIs', path: `${COBRANZA}/weekly-kpis` },
    { name: 'weekly KPIs, debt', path: `${COBRANZA}/weekly-kpis?only_with_debt=true` },
    { name: 'scout metrics', path: `${COBRANZA}/scout-attribution-metrics` },
    { name: 'limbo, page of 50', path: `${TABLE}/limbo?limit=50` },
    { name: 'limbo, a stage, page of 50', path: `${TABLE}/limbo?limbo_stage=TRIPS_NO_CLAIM&limit=50` },
    {
      name: 'limbo, a stage of one week, page of 50',
      path: `${TABLE}/limbo?limbo_stage=NO_IDENTITY&week_start=${week}&limit=50`,
    },
    { name: 'limbo, page of 50 from the middle', path: `${TABLE}/limbo?limit=50&cursor=${afterLead}` },
    { name: 'limbo, counts with one lead', path: `${TABLE}/limbo?limit=1` },
    { name: 'funnel gap', path: `${TABLE}/funnel-gap` },
  ];
}
