import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { json } from '../../../functions/core/database.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { targetPark } from '../../support/identity.ts';
import { givenPopulation, population } from './identity-population.ts';
import { answersOf, judge, type NaiveKey, type NaiveLead } from './naive-identity.ts';

const line = z.strictObject({ line: z.string() });

describe.each(versions)('who the leads are, on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  /** `2 R3b: MATCHED d1 66`, of each key and rule. */
  async function answers(keys: readonly NaiveKey[]): Promise<string[]> {
    const rows = await database.admin.transaction(async (sql) => {
      await sql`
        create temporary table given_keys on commit drop as
        select (k.at - 1)::integer as lead_id, date as lead_date, canon.normalise_phone(phone) as phone, canon.normalise_license(license) as license,
               canon.normalise_plate(plate) as plate, canon.name_tokens(canon.normalise_name(name)) as tokens,
               canon.normalise_label(brand) as brand, canon.normalise_label(model) as model
        from rows from (jsonb_to_recordset(${json(keys)}) as (date date, name text, phone text, license text, plate text, brand text, model text))
             with ordinality k (date, name, phone, license, plate, brand, model, at)`;
      await sql`grant select on given_keys to cuadre_owner`;
      return sql(line)`
        select concat_ws(' ', m.source_pk, m.rule || ':', m.outcome, m.driver_id, m.score) as line
        from canon.match_identities('given_keys', (select array_agg(lead_id) from given_keys), ${targetPark}) m
        order by m.source_pk, m.rule`;
    });
    return rows.map((row) => row.line);
  }

  /** @param strangers ids of no lead besides: above 50,000 ids the function plans otherwise */
  async function verdicts(leads: readonly NaiveLead[], strangers: number): Promise<string[]> {
    const rows = await database.admin.sql(line)`
      select concat_ws(' ', j.lead_id, j.outcome, j.reason, j.rule, j.driver_id, case when j.outcome = 'MATCHED' then
               case when j.person_from = 'NEW' then 'new ' || j.driver_id else j.person_key::text end end) as line
      from canon.judge_cabinet_leads(${leads.map(({ id }) => id)}::integer[] || array_fill(-1, array[${strangers}::integer]), ${targetPark}) j order by j.lead_id`;
    return rows.map((row) => row.line);
  }

  const seen = new Map<string, number>();
  const saw = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

  test('set by set is as row by row', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(population, async (people) => {
        await givenPopulation(database, people);
        const { keys, drivers, leads } = people;
        const expected = keys.flatMap((each, at) =>
          answersOf(each, drivers).map(({ rule, outcome, driver, score }) => {
            saw(`${rule} ${outcome}`);
            return [at, `${rule}:`, outcome, driver ?? [], score].flat().join(' ');
          }),
        );
        expect(await answers(keys)).toEqual(expected.toSorted());
        const judged = judge(leads, people).map(({ lead, outcome, reason, rule, driver, person }) => {
          saw(reason ?? outcome);
          return [lead, outcome, reason ?? [], rule ?? [], driver ?? [], person ?? []].flat().join(' ');
        });
        expect(await verdicts(leads, 0)).toEqual(judged);
        expect(await verdicts(leads, 50_000)).toEqual(judged);
      }),
      { numRuns: 120, seed: 44 },
    );
    // What never came up was not compared.
    expect([...seen.keys()].sort()).toEqual(everything);
  });
});

const everything = [
  'LINK_UNDONE',
  'MATCHED',
  'MULTIPLE_CANDIDATES',
  'NO_CANDIDATES',
  'PERSON_CONFLICT',
  ...['MATCHED', 'MULTIPLE_CANDIDATES', 'NO_CANDIDATES'].flatMap((outcome) => [
    `R1_PHONE_EXACT ${outcome}`,
    `R2_LICENSE_EXACT ${outcome}`,
  ]),
  ...['R3_PLATE_EXACT_NAME_SIMILAR', 'R4_CAR_FINGERPRINT_NAME_SIMILAR'].flatMap((rule) =>
    ['MATCHED', 'MULTIPLE_CANDIDATES', 'NO_CANDIDATES', 'WEAK_MATCH_ONLY'].map(
      (outcome) => `${rule} ${outcome}`,
    ),
  ),
  ...['MATCHED', 'MULTIPLE_CANDIDATES', 'WEAK_MATCH_ONLY'].map((outcome) => `R3b ${outcome}`),
  'WEAK_MATCH_ONLY',
].sort();
