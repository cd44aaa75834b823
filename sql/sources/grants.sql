-- grain: none; what a customer grants on the upstream's tables, which are not ours
-- requires: every table of this directory
-- The owner reads them through its views. The jobs read the trips as they arrive; names and phones stay with the owner,
-- so neither the jobs nor the readers see a person's row.
grant select on
  public.module_ct_cabinet_leads, public.summary_daily, public.drivers, public.module_ct_cabinet_payments,
  public.module_ct_migrations, public.module_ct_scouting_daily, public.module_ct_scouts_list
to cuadre_owner;
grant select on public.summary_daily to cuadre_jobs;
