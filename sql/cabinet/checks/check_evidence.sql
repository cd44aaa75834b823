-- grain: one object of evidence
-- requires: none
-- A row as its check saw it, without what its example says already; amounts as text, since a JSON number may become a float.
create or replace function ops.check_evidence(p_row jsonb) returns jsonb
  language sql immutable parallel safe
as $$
  select jsonb_object_agg(key, case when jsonb_typeof(value) = 'number' and value::text like '%.%' then to_jsonb(value #>> '{}') else value end)
  from jsonb_each(p_row - array['subject', 'amount'])
  where jsonb_typeof(value) <> 'null'
$$;

comment on function ops.check_evidence is 'The row of a check''s example as evidence: ids, dates, counts, and amounts as decimal strings.';
