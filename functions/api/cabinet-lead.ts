import * as z from 'zod';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { LIMBO_STAGES } from './collections/limbo-filters.ts';

const run = { run_id: z.guid().nullable() };

const story = z.strictObject({
  lead: z.strictObject({
    lead_id: z.int(),
    lead_source_pk: z.string(),
    lead_date: z.iso.date(),
    week_start: z.iso.date(),
    window_end_14d: z.iso.date(),
    person_key: z.guid().nullable(),
    driver_id: z.string().nullable(),
    trips_14d: z.int(),
    limbo_stage: z.enum(LIMBO_STAGES),
    limbo_reason_detail: z.string(),
    expected_amount_14d: z.string(),
  }),
  identity: z.strictObject({
    link: z
      .strictObject({
        person_key: z.guid(),
        match_rule: z.string().nullable(),
        match_score: z.int().nullable(),
        confidence_level: z.string().nullable(),
        linked_at: z.string().nullable(),
        ...run,
      })
      .nullable(),
    /** Why no rule linked it, with every rule asked, its candidates and by how much they missed. */
    unmatched: z
      .strictObject({
        reason_code: z.string(),
        status: z.enum(['OPEN', 'RESOLVED', 'IGNORED']),
        rules: z.record(z.string(), z.json()).nullable(),
        since: z.string(),
        resolved_at: z.string().nullable(),
        ...run,
      })
      .nullable(),
    undone: z.array(
      z.strictObject({
        person_key: z.guid(),
        undone_at: z.string(),
        undone_by: z.string(),
        reason: z.string(),
      }),
    ),
    drivers_of_person: z.array(
      z.strictObject({
        driver_id: z.string(),
        match_rule: z.string().nullable(),
        linked_at: z.string().nullable(),
        /** The one that counts for the person. */
        resolves: z.boolean(),
      }),
    ),
  }),
  /** Without an event of the lead's own person nothing is owed. */
  event: z
    .strictObject({ event_date: z.iso.date(), person_key: z.guid().nullable(), origin_tag: z.string() })
    .nullable(),
  /** Days with trips inside the window. */
  trips: z.array(z.strictObject({ trip_date: z.iso.date(), trips: z.int(), trips_to_date: z.int() })),
  milestones: z.array(
    z.strictObject({
      milestone_value: z.int(),
      milestone_achieved: z.boolean(),
      claim_expected: z.boolean(),
      expected_amount: z.string(),
      gap_reason: z.string(),
      gap_detail: z.string().nullable(),
      claim_id: z.int().nullable(),
      claim_status: z.string().nullable(),
      claim_generated_at: z.string().nullable(),
      claim_paid_at: z.string().nullable(),
      /** The run that generated the claim. */
      ...run,
    }),
  ),
  /** What jobs decided about the lead and its milestones, the latest 50. */
  decisions: z.array(
    z.strictObject({
      as_of: z.iso.date(),
      dry_run: z.boolean(),
      run_id: z.guid(),
      job: z.string(),
      decided_at: z.string().nullable(),
      subject: z.string(),
      decision: z.string(),
      reason: z.string().nullable(),
      detail: z.string().nullable(),
      evidence: z.json(),
    }),
  ),
});

/** GET one lead: where it stands, why, what is missing, and every decision that led there. */
export const cabinetLead = endpoint({
  method: 'GET',
  route: '/api/v1/cabinet-leads/{lead_id}',
  summary: 'One lead: where it stands and why, identity, trips, claims, decisions',
  query: noParameters,
  path: z.strictObject({
    lead_id: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'must be the number of a lead, e.g. 792')
      .transform(Number)
      .pipe(z.int().min(1).max(999_999_999))
      .describe('Of the list of limbo.'),
  }),
  problems: { 404: ['UNKNOWN_LEAD'] },
  answer: story,
  async run({ event, path, environment }) {
    const [found] = await environment.control.sql(story)`
      select lead, identity, event, trips, milestones, decisions from ops.cabinet_lead_story(${path.lead_id}::integer)`;
    if (found === undefined)
      throw new NotFoundError(`there is no lead ${path.lead_id} with a date`, { code: 'UNKNOWN_LEAD' });
    return ok(event, found);
  },
});
