-- grain: one row, the similarity of two sets of words as the fraction n / d
-- requires: none
-- (i/u + i/m) / 2 = i(u+m) / 2um. Where either set is empty it is 0. The functions that read words inline this one.
create or replace function canon.name_similarity(a tsvector, b tsvector)
  returns table (n bigint, d bigint)
  language sql immutable parallel safe
as $$
  select case when s.la = 0 or s.lb = 0 then 0 else (s.la + s.lb - s.u) * (s.u + greatest(s.la, s.lb)) end,
         case when s.la = 0 or s.lb = 0 then 1 else 2 * s.u * greatest(s.la, s.lb) end
  from (
    -- Offset 0 keeps this a step of its own: merged into the select, the union is taken at each mention.
    select coalesce(length(a), 0)::bigint as la, coalesce(length(b), 0)::bigint as lb, coalesce(length(a || b), 0)::bigint as u offset 0
  ) s
$$;

comment on function canon.name_similarity(tsvector, tsvector) is 'How alike two sets of name words are: n / d, from 0 to 1. At 0.66 they pass.';
