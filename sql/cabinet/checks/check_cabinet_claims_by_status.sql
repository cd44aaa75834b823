-- grain: one value per status of generated claims, and whether paid
-- requires: none
create or replace view ops.check_cabinet_claims_by_status as
select
  concat_ws(' ', status, case when paid_at is null then 'unpaid' else 'paid' end) as subject,
  count(*) as value,
  jsonb_build_object('amount', sum(amount_expected)::text) as evidence
from canon.claims_yango_cabinet_14d
group by status, paid_at is null;

comment on view ops.check_cabinet_claims_by_status is 'Generated claims by status, with and without a date of payment.';
