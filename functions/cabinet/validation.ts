import * as z from 'zod';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { cabinetDaily } from './pipeline.ts';

const counted = z.strictObject({ passed: z.int(), warnings: z.int(), failed: z.int() });

/**
 * Runs the checks in sql/cabinet/checks and files a decision for each, passed or not. Two of them
 * hold the claims job of the same run to its word: what it says it inserted is what is gone from the gaps, and
 * payment calculation has it as achieved.
 */
export const validation = job({
  name: 'cabinet.validation',
  input: z.strictObject({}),
  async run({ sql, runId, jobRunId }) {
    const [row] = await sql(counted)`
      with checked as (
        select name, level, count(subject) as offending,
               coalesce(jsonb_agg(evidence || jsonb_build_object('subject', subject, 'detail', detail)
                                  order by subject) filter (where subject is not null), '[]') as rows
        from ops.v_cabinet_checks
        group by name, level
        union all
        select name, 'H', count(subject),
               coalesce(jsonb_agg(evidence || jsonb_build_object('subject', subject, 'detail', detail)
                                  order by subject) filter (where subject is not null), '[]')
        from (values ('inserted_is_gone'), ('inserted_is_achieved')) as of_this_run (name)
        left join (
          select 'inserted_is_gone' as name, * from ops.cabinet_inserted_is_gone(${runId}::uuid)
          union all
          select 'inserted_is_achieved', * from ops.cabinet_inserted_is_achieved(${runId}::uuid)
        ) offending using (name)
        group by name
      ), filed as (
        insert into ops.decisions (job_run_id, subject, decision, reason, evidence)
        select ${jobRunId}::uuid, name,
               case when offending = 0 then 'PASSED' when level = 'W' then 'WARNING' else 'FAILED' end,
               case when offending > 0 then format('%s offending rows', offending) end,
               jsonb_build_object('level', level, 'offending', offending, 'threshold', 0,
                                  'examples', jsonb_path_query_array(rows, '$[0 to 9]'))
        from checked
        order by name
      )
      select count(*) filter (where offending = 0)::integer as passed,
             count(*) filter (where offending > 0 and level = 'W')::integer as warnings,
             count(*) filter (where offending > 0 and level = 'H')::integer as failed
      from checked`;
    if (row === undefined) throw new Error('a count without groups returned no row');
    return { report: row, findings: row.failed };
  },
});

export const handler = jobHandler(cabinetDaily, validation);
