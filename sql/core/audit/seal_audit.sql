-- grain: one seal over what is not sealed yet, or none when there is nothing
-- requires: ops.v_audit_entries, ops.audit_entry_digest, ops.audit_seal_digest, ops.v_audit_entries_digests
-- Which entries: all that can be seen and are in no seal. To read only what is new it looks at transactions that were not
-- finished when the last seal was made; whoever commits late is among them, and what was sealed meanwhile is left out by its
-- key. Sealers take turns, so that none is sealed twice. With more than p_limit the rest is left for the next seal, which
-- then looks from the same point. A database whose transactions count from less than the last seal's was moved to another
-- cluster: everything is looked at, once.
create or replace function ops.seal_audit(
  p_code_version text, p_dry_run boolean, p_limit bigint,
  out seal_no bigint, out day date, out entries bigint, out by_source jsonb, out head text, out more boolean
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set jit = 'off'
as $$
#variable_conflict use_column
declare
  v_last ops.audit_seals;
  -- The newest one that left nothing.
  v_since txid_snapshot;
  v_from bigint;
  v_now txid_snapshot;
  v_at constant timestamptz := clock_timestamp();
  v_digest bytea;
begin
  -- Any number that no one else locks; these are the letters "seal".
  perform pg_advisory_xact_lock(x'7365616c'::bigint);
  select * into v_last from ops.audit_seals s order by s.seal_no desc limit 1;
  select s.snapshot into v_since from ops.audit_seals s where s.snapshot is not null order by s.seal_no desc limit 1;
  -- Before the entries are read: what this calls finished is then seen by what reads them.
  v_now := txid_current_snapshot();
  v_from := case when v_since is null or txid_snapshot_xmax(v_now) < txid_snapshot_xmax(v_since) then 0 else txid_snapshot_xmin(v_since) end;
  seal_no := coalesce(v_last.seal_no, 0) + 1;
  day := (v_at at time zone 'UTC')::date;

  if p_dry_run then
    execute format($query$
      select coalesce(sum(n), 0)::bigint, coalesce(jsonb_object_agg(source, n order by source), '{}')
      from (
        select source, count(*) as n from ops.v_audit_entries e
        where e.xact_id >= %s and not exists (select from ops.audit_sealed_entries s where s.source = e.source and s.key = e.key)
        group by source
      ) c $query$, v_from) into entries, by_source;
    more := entries > p_limit;
    head := encode(v_last.digest, 'hex');
    return;
  end if;

  -- With its numbers written into it, so that it is planned for them.
  execute format($query$
    insert into ops.audit_sealed_entries (source, key, seal_no, digest)
    select e.source, e.key, %s, ops.audit_entry_digest(e.source, e.key, e.content)
    from ops.v_audit_entries e
    where e.xact_id >= %s and not exists (select from ops.audit_sealed_entries s where s.source = e.source and s.key = e.key)
    limit %s $query$, seal_no, v_from, p_limit);
  get diagnostics entries = row_count;
  -- A full one may have taken the very last. It would note no snapshot then, and nothing new would come to make up for it.
  more := entries = p_limit;
  if more then
    execute format($query$
      select exists (
        select from ops.v_audit_entries e
        where e.xact_id >= %s and not exists (select from ops.audit_sealed_entries s where s.source = e.source and s.key = e.key)
      ) $query$, v_from) into more;
  end if;
  if entries = 0 then
    seal_no := v_last.seal_no;
    by_source := '{}';
    head := encode(v_last.digest, 'hex');
    return;
  end if;

  select jsonb_object_agg(c.source, c.n order by c.source) into by_source
  from (select s.source, count(*) as n from ops.audit_sealed_entries s where s.seal_no = seal_audit.seal_no group by s.source) c;
  select d.entries_digest into strict v_digest from ops.v_audit_entries_digests d where d.seal_no = seal_audit.seal_no;
  insert into ops.audit_seals (seal_no, day, sealed_at, entries, snapshot, previous_digest, entries_digest, digest, code_version)
  select seal_audit.seal_no, seal_audit.day, v_at, seal_audit.entries, s.snapshot, s.previous, v_digest,
         ops.audit_seal_digest(seal_audit.seal_no, seal_audit.day, v_at, seal_audit.entries, s.snapshot, p_code_version, s.previous, v_digest),
         p_code_version
  from (select case when not more then v_now end as snapshot, coalesce(v_last.digest, sha256('cuadre')) as previous) s
  returning encode(digest, 'hex') into head;
end
$$;

comment on function ops.seal_audit is 'Seals what was added to the audit trail since the last seal. more: there is more than one seal takes; call again.';
