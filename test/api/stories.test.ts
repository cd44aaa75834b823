import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { cabinetLead } from '../../functions/api/cabinet-lead.ts';
import { cabinetNight } from '../../functions/api/cabinet-night.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { runWholeNight } from '../support/whole-night.ts';

const database = testDatabase({ golden: true });
let reader: Environment;
let runId: string;

const unrepaired = {
  'cabinet.leads-reconcile': { repairEvents: false },
  'cabinet.claims-reconcile': { limit: 100 },
};

/** A whole night; its run. */
async function run(): Promise<string> {
  const [first] = [...(await runWholeNight(database, '2026-01-13', { input: unrepaired })).values()];
  return first?.run_id ?? '';
}

beforeAll(async () => {
  runId = await run();
  reader = environmentOf(database, 'cuadre_reader');
});

const days = z.object({ trips: z.array(z.object({ trips: z.int(), trips_to_date: z.int() })) });
const told = z.object({
  summary: z.array(z.string()),
  jobs: z.array(z.object({ job: z.string() })),
  alerts: z.array(z.object({ type: z.string(), event: z.string() })),
});

const lead = (id: string) => call(cabinetLead, reader, { path: { lead_id: id } });
const night = (query: Record<string, string> = {}) => call(cabinetNight, reader, { query });

describe('GET one lead', () => {
  test('says of a stuck lead what is missing and what the jobs decided about it', async () => {
    const { status, body } = await lead('792');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      lead: {
        lead_id: 792,
        lead_date: '2026-01-06',
        week_start: '2026-01-05',
        window_end_14d: '2026-01-20',
        limbo_stage: 'TRIPS_NO_CLAIM',
        limbo_reason_detail: expect.stringContaining('lead_event'),
      },
      identity: { unmatched: null, undone: [], drivers_of_person: [{ resolves: true }] },
      event: null,
      milestones: [
        { milestone_value: 1, milestone_achieved: true, gap_reason: 'CLAIM_NOT_GENERATED', claim_id: null },
        { milestone_value: 5, milestone_achieved: false, gap_reason: 'INSUFFICIENT_TRIPS' },
        { milestone_value: 25, milestone_achieved: false, gap_reason: 'INSUFFICIENT_TRIPS' },
      ],
      decisions: [
        {
          run_id: runId,
          job: 'cabinet.claims-reconcile',
          subject: 'lead:792/M1',
          decision: 'VETOED',
          reason: 'MILESTONE_NOT_ACHIEVED_IN_PAYMENT_CALC',
          detail: 'NO_LEAD_EVENT',
        },
        { run_id: runId, job: 'cabinet.leads-reconcile', subject: 'lead:792', decision: 'SKIPPED' },
      ],
    });
  });

  test('says of a lead without identity which rules were asked, and of whom they could not decide', async () => {
    const { body } = await lead('729');
    expect(body).toMatchObject({
      lead: { limbo_stage: 'NO_IDENTITY', person_key: null, driver_id: null },
      identity: {
        link: null,
        unmatched: {
          reason_code: 'MULTIPLE_CANDIDATES',
          status: 'OPEN',
          run_id: runId,
          rules: { R1_PHONE_EXACT: { outcome: 'MULTIPLE_CANDIDATES', in_target_park: 2 } },
        },
      },
      trips: [],
    });
  });

  test('leads a claim back to the days of its trips, its rule and its run', async () => {
    const { body } = await lead('736');
    expect(body).toMatchObject({
      lead: { limbo_stage: 'OK', trips_14d: 4 },
      milestones: [
        {
          milestone_value: 1,
          expected_amount: '25.00',
          gap_reason: 'OK',
          claim_status: 'generated',
          run_id: runId,
        },
        { milestone_value: 5 },
        { milestone_value: 25 },
      ],
      event: { origin_tag: 'cabinet' },
    });
    const { trips } = days.parse(body);
    expect(trips.at(-1)?.trips_to_date).toBe(4);
    expect(trips.reduce((sum, day) => sum + day.trips, 0)).toBe(4);
  });

  test('names neither people nor phones', async () => {
    const [known] = await database.admin.sql(
      z.strictObject({ phone: z.string() }),
    )`select park_phone as phone from public.module_ct_cabinet_leads where id = 729`;
    const { body } = await lead('729');
    expect(known?.phone).toMatch(/\d{6}/);
    expect(JSON.stringify(body)).not.toContain(known?.phone.slice(-9));
  });

  test.each([
    ['abc', 400],
    ['0', 400],
    ['9999999999', 400],
    ['1e3', 400],
    ['999999999', 404],
  ])('%s: %i', async (id, expected) => {
    const { status, body } = await lead(id);
    expect(status).toBe(expected);
    if (expected === 400) {
      expect(body).toMatchObject({ problems: [{ field: 'path.lead_id', value: id }] });
    } else {
      expect(body).toMatchObject({ code: 'UNKNOWN_LEAD', detail: `there is no lead ${id} with a date` });
    }
  });
});

describe('GET what a night changed', () => {
  test('in sentences and in figures, each a count of decisions', async () => {
    const { status, body } = await night();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      run: { run_id: runId, as_of: '2026-01-13', status: 'succeeded' },
      claims: {
        inserted: 25,
        amount: '695.00',
        by_milestone: [
          { milestone_value: 1, inserted: 18, amount: '450.00' },
          { milestone_value: 5, inserted: 7, amount: '245.00' },
        ],
        gaps_before: { count: 89, amount: '2975.00' },
        gaps_after: { count: 64, amount: '2280.00' },
      },
      leads: { newly_linked: 0, newly_driver_mapped: 0, events_repaired: 0, changed: [] },
      trips: { facts_inserted: 3004, facts_updated: 0, facts_removed: 0, rejected: 66 },
      payments: { recorded: 323, by_reason: { NEW_PAYMENT: 323 } },
    });
    const { summary, jobs, alerts } = told.parse(body);
    expect(summary).toContain('La noche del 2026-01-13 terminó bien.');
    expect(summary).toContain('Reclamos: 25 generados por S/ 695.00 (M1 18, M5 7).');
    expect(summary).toContain('Brechas abiertas: 89 (S/ 2975.00) antes, 64 (S/ 2280.00) después.');
    expect(jobs.map(({ job }) => job)).toContain('cabinet.alert-evaluation');
    expect(alerts).toContainEqual(
      expect.objectContaining({ type: 'TRIPS_NO_CLAIM_PERSISTENT', event: 'opened' }),
    );
  });

  test('of a second night only what is new', async () => {
    const again = await run();
    const { body } = await night({ as_of: '2026-01-13' });
    expect(body).toMatchObject({
      run: { run_id: again },
      claims: { inserted: 0, amount: '0.00', by_milestone: [], changed: [], gaps_before: { count: 64 } },
      payments: { recorded: 0 },
      trips: { facts_inserted: 0, rejected: 0 },
      alerts: [],
    });
    expect(told.parse(body).summary).toContain('Ninguna alerta nueva.');
  });

  test('404 for a date without a night, 400 for what is no date', async () => {
    expect(await night({ as_of: '2026-01-12' })).toMatchObject({
      status: 404,
      body: { code: 'UNKNOWN_NIGHT', detail: 'no night as of 2026-01-12 is over' },
    });
    expect((await night({ as_of: '2026-02-30' })).status).toBe(400);
    expect((await night({ night: 'last' })).status).toBe(400);
  });
});
