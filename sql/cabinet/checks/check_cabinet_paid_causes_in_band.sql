-- grain: one row per cause of payments without achievement whose share somebody should look into
-- requires: ops.cabinet_paid_causes
-- UPSTREAM_OVERPAYMENT is never among them: it has no share from which it would be looked into.
create or replace view ops.check_cabinet_paid_causes_in_band as
select
  format('cause:%s', classification_cause) as subject,
  format('%s casos, %s %% de los pagos sin logro; lo habitual va de %s a %s %%. %s', total_cases, pct_total, band_from, band_to, action) as detail,
  jsonb_build_object('cause', classification_cause, 'total_cases', total_cases, 'pct_total', pct_total::text,
                     'band_from', band_from::text, 'band_to', band_to::text) as evidence
from ops.cabinet_paid_causes(null, null)
where signal = 'INVESTIGATE';

comment on view ops.check_cabinet_paid_causes_in_band is 'The causes of payments without achievement keep to their ordinary shares.';
