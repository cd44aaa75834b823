import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { testDatabase, versions } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { givenPopulation, randomLead, randomRule } from './population.ts';
import { ask, emptied } from './relation.ts';

describe.each(versions)('the claims job on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  // The job asks for its own gaps alone and payment calculation weighs everybody: two ways to the same answer.
  test('vetoes exactly the gaps that payment calculation has no achieved partner row for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomLead, { minLength: 20, maxLength: 60 }),
        fc.array(randomRule, { minLength: 1, maxLength: 9 }),
        async (leads, rules) => {
          await database.admin.script(emptied);
          await givenPopulation(database.admin, leads, rules);
          const justified = `
            select format('lead:%s/M%s', g.lead_id, g.milestone_value) from ops.v_cabinet_claims_gap_14d g
            where exists (
              select from ops.v_payment_calculation p
              where p.rule_scope = 'partner' and p.origin_tag = 'cabinet' and p.milestone_achieved
                and p.driver_id = g.driver_id and p.rule_id = g.rule_id and p.lead_date = g.lead_date)`;
          const free = await ask(database.admin, justified);
          const open = await ask(
            database.admin,
            `select format('lead:%s/M%s', lead_id, milestone_value) from ops.v_cabinet_claims_gap_14d`,
          );

          const ran = await runJob(database, claimsReconcile, { asOf: '2026-03-01', daysBack: 'all' });
          const vetoed = ran.decisions
            .filter(({ decision }) => decision === 'VETOED')
            .map(({ subject }) => subject);
          expect(ran.decisions.map(({ subject }) => subject).toSorted()).toEqual(open.toSorted());
          expect(vetoed.toSorted()).toEqual(open.filter((gap) => !free.includes(gap)).toSorted());

          const left = await ask(
            database.admin,
            `select format('lead:%s/M%s', lead_id, milestone_value) from ops.v_cabinet_claims_gap_14d`,
          );
          expect(left.toSorted()).toEqual(vetoed.toSorted());
          expect(
            await ask(database.admin, `select * from ops.cabinet_inserted_is_achieved('${ran.run_id}')`),
          ).toEqual([]);
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: 40_000 },
    );
  });
});
