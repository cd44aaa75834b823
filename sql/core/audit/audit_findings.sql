-- grain: one row per thing that is not as it was sealed, or not as it was last recorded
-- requires: ops.v_audit_entries, ops.audit_entry_digest, ops.audit_seal_digest, ops.v_audit_entries_digests, ops.v_audit_live_states, ops.v_audit_forbidden_changes
-- One statement and one snapshot, so that who seals or works meanwhile disturbs nothing. p_anchor: a head that was kept
-- outside; null when none is at hand, and then a chain that was made anew from end to end is not told from the true one.
-- Findings: ALTERED, REMOVED, INSERTED (rows); SEAL_ALTERED, SEAL_MISSING, CHAIN_BROKEN, HEAD_UNKNOWN (seals); REOPENED (a
-- run). INSERTED does not end with being sealed, for who slips a row in has it sealed by the next morning like any other: it
-- is an entry that stands in a later seal than it could, or in none, by its job run's end or by its own moment.
create or replace function ops.audit_findings(p_anchor bytea)
  returns table (finding text, source text, key text, seal_no bigint, detail text)
  language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set jit = 'off' set work_mem = '256MB'
begin atomic
  with sealed as materialized (
    select s.*, lag(s.seal_no, 1, 0::bigint) over w as before_no, lag(s.digest, 1, sha256('cuadre')) over w as before_digest,
           -- A seal that was full says nothing of what it has not: the first from it on that was not has all that was there by then.
           min(s.seal_no) filter (where s.snapshot is not null) over (order by s.seal_no desc) as complete_no,
           max(s.seal_no) filter (where s.snapshot is not null) over earlier as complete_before,
           max(s.sealed_at) filter (where s.snapshot is not null) over earlier - interval '1 hour' as long_before
    from ops.audit_seals s
    window w as (order by s.seal_no), earlier as (order by s.seal_no rows between unbounded preceding and 1 preceding)
  ), last as materialized (
    -- One hour: longer than any transaction here, which may have begun before the seal and written after it.
    select s.seal_no, s.snapshot, s.sealed_at - interval '1 hour' as long_before,
           txid_snapshot_xmax(txid_current_snapshot()) < txid_snapshot_xmax(s.snapshot) as moved
    from ops.audit_seals s where s.snapshot is not null order by s.seal_no desc limit 1
  ), latest as materialized (
    select distinct on (s.source, s.key) s.* from ops.recorded_states s order by s.source, s.key, s.state_id desc
  ), settled as materialized (
    -- Job runs whose end is sealed and for ever, or whose run was not taken up again since. What they did was there by then.
    select i.key::uuid as job_run_id, q.complete_no
    from (
      select s.key, coalesce(min(s.state_id) filter (where s.state ->> 'status' = 'succeeded'), max(s.state_id)) as state_id,
             bool_or(s.state ->> 'status' = 'succeeded') as for_ever
      from ops.recorded_states s where s.source = 'ops.job_runs' group by s.key
    ) i
    join ops.audit_sealed_entries e on e.source = 'ops.recorded_states' and e.key = i.state_id::text
    join sealed q on q.seal_no = e.seal_no and q.complete_no is not null
    join ops.job_runs j on j.job_run_id = i.key::uuid
    join ops.runs r on r.run_id = j.run_id
    where i.for_ever or r.status <> 'running'
  )
  -- Entries against their digests.
  select case when s.digest is not null and e.key is null then 'REMOVED' when s.digest <> e.digest then 'ALTERED' else 'INSERTED' end,
         coalesce(s.source, e.source), coalesce(s.key, e.key), s.seal_no,
         case
           when s.digest is not null and e.key is null then 'sealed, and there no more'
           when s.digest <> e.digest then 'says something else than what was sealed'
           else stands.place || case
             when seen.old then 'of a transaction that was over when seal ' || last.seal_no || ' was made'
             when c.complete_no is not null then 'of a job run whose end, with all that was of it, is in seals up to ' || c.complete_no
             else 'says that it is of ' || e.recorded_at || ', long before seal ' || stands.complete_before
           end
         end
  from ops.audit_sealed_entries s
  full join (
    select v.source, v.key, v.recorded_at, v.job_run_id, v.xact_id, ops.audit_entry_digest(v.source, v.key, v.content) as digest
    from ops.v_audit_entries v
  ) e on e.source = s.source and e.key = s.key
  left join last on true
  left join sealed q on q.seal_no = s.seal_no
  left join settled c on c.job_run_id = e.job_run_id and (s.seal_no is null or s.seal_no > c.complete_no)
  cross join lateral (
    select s.digest is null and not last.moved and txid_visible_in_snapshot(e.xact_id, last.snapshot) as old
  ) seen
  cross join lateral (
    select case when s.digest is null then 'in no seal, and ' else 'in seal ' || s.seal_no || ' and not before, and ' end as place,
           case when s.digest is null then last.seal_no else q.complete_before end as complete_before,
           case when s.digest is null then last.long_before else q.long_before end as long_before
  ) stands
  where s.digest is not null and e.digest is distinct from s.digest
     or seen.old or c.complete_no is not null or e.recorded_at < stands.long_before
  union all
  -- Seals against their entries, their own columns, and each other.
  select 'SEAL_ALTERED', 'ops.audit_seals', s.seal_no::text, s.seal_no, 'its own columns are not what its digest was made of'
  from sealed s
  where s.digest <> ops.audit_seal_digest(s.seal_no, s.day, s.sealed_at, s.entries, s.snapshot, s.code_version, s.previous_digest, s.entries_digest)
  union all
  select 'SEAL_ALTERED', 'ops.audit_sealed_entries', s.seal_no::text, s.seal_no,
         'of its ' || s.entries || ' entries ' || coalesce(d.entries, 0) || ' are listed, and their digest is another'
  from sealed s left join ops.v_audit_entries_digests d on d.seal_no = s.seal_no
  where d.entries_digest is distinct from s.entries_digest or d.entries <> s.entries
  union all
  select 'CHAIN_BROKEN', 'ops.audit_seals', s.seal_no::text, s.seal_no, 'it does not go on from the digest of the seal before it'
  from sealed s where s.previous_digest <> s.before_digest
  union all
  select 'SEAL_MISSING', 'ops.audit_seals', (s.before_no + 1)::text, s.before_no + 1,
         'between seal ' || s.before_no || ' and seal ' || s.seal_no || ' there is none'
  from sealed s where s.seal_no <> s.before_no + 1
  union all
  select 'SEAL_MISSING', 'ops.audit_seals', d.seal_no::text, d.seal_no, d.entries || ' entries are of a seal that is not there'
  from (select e.seal_no, count(*) as entries from ops.audit_sealed_entries e group by e.seal_no) d
  where not exists (select from ops.audit_seals s where s.seal_no = d.seal_no)
  union all
  select 'HEAD_UNKNOWN', 'ops.audit_seals', encode(p_anchor, 'hex'), null, 'no seal has this digest: the chain is not the one that it was the head of'
  where p_anchor is not null and not exists (select from ops.audit_seals s where s.digest = p_anchor)
  union all
  -- Rows that may change, against the last state that was recorded of them. By key: a column that came later is in no old state.
  select case when n.key is null then 'REMOVED' when l.key is null then 'INSERTED' else 'ALTERED' end,
         coalesce(n.source, l.source), coalesce(n.key, l.key), null,
         case
           when n.key is null then 'state ' || l.state_id || ' was the last, and it is there no more'
           when l.key is null then 'nothing was recorded of it'
           else 'it is not as state ' || l.state_id || ' has it: ' || differs.columns
         end
  from (select * from latest where change <> 'removed') l
  full join (select * from ops.v_audit_live_states where not open) n on n.source = l.source and n.key = l.key
  left join lateral (
    select string_agg(was.key, ', ' order by was.key) as columns
    from jsonb_each(l.state) was where n.state -> was.key is distinct from was.value
  ) differs on true
  where (n.key is null or l.key is null or differs.columns is not null)
    and not exists (select from ops.v_audit_live_states o where o.open and o.source = l.source and o.key = l.key)
  union all
  select f.finding, f.source, f.key, null, f.detail from ops.v_audit_forbidden_changes f
  union all
  select case when h.claim_id is null then 'INSERTED' else 'ALTERED' end, 'canon.claims_yango_cabinet_14d', c.claim_id::text, null,
         case when h.claim_id is null then 'its history has no status' else 'it is ' || c.status || ', and its history ends with ' || h.to_status end
  from canon.claims_yango_cabinet_14d c
  left join (
    select distinct on (claim_id) claim_id, to_status from canon.claim_status_history order by claim_id, history_id desc
  ) h on h.claim_id = c.claim_id
  where h.to_status is distinct from c.status
  union all
  select 'ALTERED', 'ops.alerts', a.alert_id::text, null, 'it is ' || a.status || ', ' || a.severity || ', and its history ends otherwise'
  from ops.alerts a
  left join (
    select distinct on (alert_id) alert_id, status, severity, value from ops.alert_history order by alert_id, history_id desc
  ) h on h.alert_id = a.alert_id
  where (h.status, h.severity, h.value) is distinct from (a.status, a.severity, a.value);
end;

comment on function ops.audit_findings is 'Walks the whole audit trail: every entry, every seal, every recorded state. No row: it is as it was sealed.';
