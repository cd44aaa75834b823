-- grain: one value, the digest of one seal
-- requires: none
-- Everything that the seal's row says is in it, the seal before it among that: none of them can be altered by itself.
create or replace function ops.audit_seal_digest(
  p_seal_no bigint, p_day date, p_sealed_at timestamptz, p_entries bigint, p_snapshot txid_snapshot, p_code_version text,
  p_previous_digest bytea, p_entries_digest bytea
) returns bytea
  language sql stable parallel safe
  return sha256(
    convert_to(jsonb_build_array(1, p_seal_no, p_day, timezone('UTC', p_sealed_at), p_entries, p_snapshot::text, p_code_version)::text, 'UTF8')
    || p_previous_digest || p_entries_digest);

comment on function ops.audit_seal_digest is 'SHA-256 of a seal: format 1, its own columns, the digest of the seal before it, the digest of its entries.';
