-- grain: one verification of the whole trail
-- requires: ops.audit_findings
-- Its result is kept, unless p_dry_run. examples: the first 100 findings, seals before rows.
create or replace function ops.verify_audit(
  p_anchor text, p_code_version text, p_dry_run boolean,
  out head text, out seals bigint, out entries bigint, out findings bigint, out examples jsonb, out duration_ms integer
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_at constant timestamptz := clock_timestamp();
begin
  select encode((select s.digest from ops.audit_seals s order by s.seal_no desc limit 1), 'hex'),
         (select count(*) from ops.audit_seals), (select coalesce(sum(s.entries), 0) from ops.audit_seals s)
    into head, seals, entries;
  select count(*), coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'finding', f.finding, 'source', f.source, 'key', f.key, 'seal_no', f.seal_no, 'detail', f.detail)) order by f.place)
           filter (where f.place <= 100), '[]')
    into findings, examples
  from (
    select *, row_number() over (order by a.source not like 'ops.audit%', a.seal_no, a.source, a.key, a.finding) as place
    from ops.audit_findings(decode(p_anchor, 'hex')) a
  ) f;
  duration_ms := extract(epoch from clock_timestamp() - v_at) * 1000;
  if not p_dry_run then
    insert into ops.audit_verifications (verified_at, head, anchor, seals, entries, findings, examples, duration_ms, code_version)
    values (v_at, decode(head, 'hex'), decode(p_anchor, 'hex'), seals, entries, findings, examples, duration_ms, p_code_version);
  end if;
end
$$;

comment on function ops.verify_audit is 'Walks the audit trail and keeps what came of it.';
