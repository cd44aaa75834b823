-- grain: one row per lead with a date
-- requires: public.module_ct_cabinet_leads, canon.normalise_phone, canon.normalise_plate, canon.normalise_name, canon.name_tokens, canon.full_name, ops.as_of
-- The cabinet's file has neither licence nor brand: R2 and R4 cannot apply to its leads, and its model alone says nothing.
-- Offset 0 makes the name a column, which the functions around it may mention twice.
create or replace view canon.v_cabinet_lead_keys as
select
  l.id as lead_id,
  coalesce(nullif(l.external_id, ''), l.id::text) as lead_source_pk,
  l.lead_created_at::date as lead_date,
  canon.normalise_phone(l.park_phone) as phone,
  null::text as license,
  canon.normalise_plate(l.asset_plate_number) as plate,
  canon.name_tokens(canon.normalise_name(n.full_name)) as tokens,
  null::text as brand,
  null::text as model
from public.module_ct_cabinet_leads l
cross join lateral (select canon.full_name(null, l.first_name, l.middle_name, l.last_name) as full_name offset 0) n
where l.lead_created_at is not null
  and l.lead_created_at::date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view canon.v_cabinet_lead_keys is 'What each lead is compared by. Holds phones: no role but the owner reads it.';
