-- grain: one row per driver and milestone that is recorded as reached or calculated as reached today
-- requires: ops.cabinet_achievements_today
create or replace view ops.v_cabinet_achievements_today as
select * from ops.cabinet_achievements_today(null);

comment on view ops.v_cabinet_achievements_today is 'Each achievement as recorded, and beside it what would be worked out today. The recorded one holds.';
comment on column ops.v_cabinet_achievements_today.today is 'SAME, DIFFERS, NOT_ACHIEVED_TODAY, or NOT_YET_RECORDED.';
