-- grain: none; the rules for every lead, as the job asks them
select count(*) from canon.judge_cabinet_leads(
  (select array_agg(id) from public.module_ct_cabinet_leads), (select target_park_id from ops.cabinet_settings));
