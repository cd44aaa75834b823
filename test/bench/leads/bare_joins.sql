-- grain: none; what no way of judging can do without: each lead's keys made once, and looked up among the drivers'
select count(p.driver_id), count(c.driver_id) filter (where 100 * s.n >= 66 * s.d)
from (select lead_id, phone, plate, tokens from canon.v_cabinet_lead_keys offset 0) k
left join canon.drivers_index p on p.phone_norm = k.phone
left join canon.drivers_index c on c.plate_norm = k.plate and c.park_id = (select target_park_id from ops.cabinet_settings)
left join lateral canon.name_similarity(k.tokens, c.name_tokens) s on true;
