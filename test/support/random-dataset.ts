/**
 * A data set as chance has it, small and crowded: few names, phones, plates and days, so that whatever can coincide does.
 * Every table of a night has rows, and the dirt of each.
 */
import type { Contents } from './dataset.ts';
import { Chance, dateOf, dayOf, keyOf, numbers, type Row, stamped } from './random-rows.ts';

/** The day as of which a night over it makes sense; leads and payments go up to it. */
export const AS_OF = '2026-01-13';

export function randomDataset(seed: number, size = 40): Contents {
  const chance = new Chance(seed);
  const persons = numbers(Math.ceil(size * 0.6));
  const leads = numbers(size).map((id) => chance.lead(id));
  const drivers = numbers(Math.ceil(size * 0.7)).map((id) => chance.driver(id));
  const links = chance.links(leads, drivers, persons);
  const linked = new Map(links.map((link) => [`${link['source_table']} ${link['source_pk']}`, link]));
  const personOf = (lead: Row) => linked.get(`module_ct_cabinet_leads ${keyOf(lead)}`)?.['person_key'] ?? '';
  return {
    'public.module_ct_cabinet_leads.csv': leads,
    'public.summary_daily.csv': drivers.flatMap((driver) => chance.trips(driver)),
    'public.drivers.csv': drivers,
    'public.module_ct_cabinet_payments.csv': numbers(Math.ceil(size * 0.8)).map((id) =>
      chance.payment(id, drivers, persons),
    ),
    'canon.identity_registry.csv': persons.map((person) => chance.person(person)),
    'canon.identity_links.csv': links,
    'canon.driver_orphan_quarantine.csv': drivers.slice(0, 2).map((driver) => chance.quarantine(driver)),
    'observational.lead_events.csv': leads
      .filter(() => chance.is(0.7))
      .map((lead, index) => chance.event(index + 1, lead, personOf(lead), persons)),
    'canon.claims_yango_cabinet_14d.csv': leads
      .filter((lead) => chance.is(0.25) && personOf(lead) !== '' && dateOf(lead) !== '')
      .map((lead) => ({ ...lead, person_key: personOf(lead), milestone: chance.of(['1', '5', '25']) }))
      .filter(first((lead) => `${lead.person_key} ${dateOf(lead)} ${lead.milestone}`))
      .map((lead, index) => chance.claim(index + 1, lead)),
    ...chance.scouts(drivers, persons),
    'ops.partner_payment_rules.csv': [
      rule(1, 1, '25.00', -30, null),
      rule(2, 5, '30.00', -30, 15),
      rule(3, 5, '35.00', 16, null),
      rule(4, 25, '100.00', -30, null),
    ],
    'ops.scout_payment_rules.csv': [
      { ...rule(1, 1, '20.00', -30, null), window_days: '7', milestone_type: 'trips' },
    ],
  };
}

/** To filter by: the first of each key. */
function first<T>(key: (value: T) => string): (value: T) => boolean {
  const seen = new Set<string>();
  return (value) => seen.size < seen.add(key(value)).size;
}

function rule(id: number, milestone: number, amount: string, from: number, to: number | null): Row {
  return {
    id: String(id),
    origin_tag: 'cabinet',
    window_days: '14',
    milestone_trips: String(milestone),
    amount,
    currency: 'PEN',
    valid_from: dayOf(from),
    valid_to: to === null ? '' : dayOf(to),
    is_active: String(to === null),
    ...stamped(0),
  };
}
