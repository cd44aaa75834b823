-- grain: one row per seal number that has entries, with the digest of them all
-- requires: none
-- In two steps of 10,000, for a text of all digests of a large seal would not fit into one value.
create or replace view ops.v_audit_entries_digests as
select seal_no, sum(entries)::bigint as entries, sha256(string_agg(digest, ''::bytea order by chunk)) as entries_digest
from (
  select seal_no, chunk, count(*) as entries, sha256(string_agg(digest, ''::bytea order by place)) as digest
  from (
    select seal_no, digest, n.place, (n.place - 1) / 10000 as chunk
    from (
      select seal_no, digest, row_number() over (partition by seal_no order by source, key) as place from ops.audit_sealed_entries
    ) n
  ) placed
  group by seal_no, chunk
) chunks
group by seal_no;

comment on view ops.v_audit_entries_digests is 'The digest of each seal''s entries, from the entries'' own, in the order of table and key.';
