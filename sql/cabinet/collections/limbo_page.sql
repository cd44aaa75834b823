-- grain: one row per lead of the page
-- requires: ops.v_cabinet_limbo_kept
-- In the order by week, date and lead: a week follows from its date, and an index has it. Planned with the values at hand,
-- whatever the session prefers: one plan for all filters reads the whole view for a page.
create or replace function ops.limbo_page(
  p_stage text, p_week_start date, p_date_from date, p_date_to date, p_after_date date, p_after_lead integer, p_limit integer, p_offset integer
)
  returns setof ops.v_cabinet_limbo_kept
  language plpgsql stable rows 100 set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select l.*
    from ops.v_cabinet_limbo_kept l
    where (p_stage is null or l.limbo_stage = p_stage)
      -- Said twice: where the week lies in the index, and that it begins on that day.
      and (p_week_start is null or l.lead_date between p_week_start and p_week_start + 6)
      and (p_week_start is null or l.week_start = p_week_start)
      and (p_date_from is null or l.lead_date >= p_date_from)
      and (p_date_to is null or l.lead_date <= p_date_to)
      -- Likewise: where the page begins in the index, and which of that day have been shown.
      and (p_after_date is null or l.lead_date <= p_after_date)
      and (p_after_date is null or l.lead_date < p_after_date or l.lead_id > p_after_lead)
    order by l.lead_date desc, l.lead_id
    limit p_limit offset p_offset;
end
$$;

comment on function ops.limbo_page is 'A page of limbo as of the last refresh, newest first: after a lead, or by offset. Days with both ends included.';
