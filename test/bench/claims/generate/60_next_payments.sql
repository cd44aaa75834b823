-- grain: one row per payment notice of the as-of date; and one in a thousand of the earlier ones is taken back
select bench.notify(as_of, as_of) from bench.shape;

update public.module_ct_cabinet_payments p
set trip_1 = case when trip_1 then false end, trip_5 = case when trip_5 then false end, trip_25 = case when trip_25 then false end
from bench.notice n
where n.id = p.id and n.pay_date < (select as_of from bench.shape) and bench.draw(n.id, 'taken back') < 0.001;
