-- grain: one row per claim that a run inserted and payment calculation does not justify
-- requires: ops.v_payment_calculation
-- The claims job asks the same facts by another way, for its gaps alone; this asks payment calculation itself.
-- Of one run only: facts that change afterwards do not make an old claim wrong.
create or replace function ops.cabinet_inserted_is_achieved(p_run_id uuid)
  returns table (subject text, detail text, evidence jsonb)
  language sql stable
as $$
  select
    format('claim:%s', c.claim_id),
    format('el cálculo de pagos no da por alcanzado el hito M%s', c.milestone),
    jsonb_build_object('claim_id', c.claim_id, 'person_key', c.person_key, 'driver_id', c.driver_id,
                       'lead_date', c.lead_date, 'milestone', c.milestone, 'rule_id', c.rule_id)
  from ops.job_runs j
  join canon.claims_yango_cabinet_14d c on c.job_run_id = j.job_run_id
  where j.run_id = p_run_id and not (c.driver_id, c.rule_id, c.lead_date) in (
    select p.driver_id, p.rule_id, p.lead_date
    from ops.v_payment_calculation p
    where p.rule_scope = 'partner' and p.origin_tag = 'cabinet' and p.milestone_achieved
  );
$$;

comment on function ops.cabinet_inserted_is_achieved(uuid) is
  'The claims that a run inserted are achieved in payment calculation: driver, rule version and lead date.';
