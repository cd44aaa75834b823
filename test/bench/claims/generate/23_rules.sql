-- grain: one row per rule version: of each partner rule one that is closed and the one that followed, and the scouts' rules
insert into ops.partner_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from, valid_to)
select 'cabinet', 14, m.milestone, m.standard_amount - v.discount, v.valid_from, v.valid_to
from canon.cabinet_milestones m
cross join (values (5.00, date '2020-01-01', date '2025-06-30'), (0.00, '2025-07-01', null)) v (discount, valid_from, valid_to);

insert into ops.scout_payment_rules (origin_tag, window_days, milestone_trips, amount, valid_from)
select r.origin_tag::ops.rule_origin, r.window_days, m.milestone, r.amount, date '2020-01-01'
from canon.cabinet_milestones m
cross join (values ('cabinet', 7, 25.00), ('fleet_migration', 30, 30.00)) r (origin_tag, window_days, amount);
