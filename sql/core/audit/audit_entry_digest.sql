-- grain: one value, the digest of one entry
-- requires: none
-- With its table and key: a text that moved to another row is another entry.
create or replace function ops.audit_entry_digest(p_source text, p_key text, p_content text) returns bytea
  language sql immutable parallel safe
  return sha256(convert_to(p_source || chr(31) || p_key || chr(31) || p_content, 'UTF8'));

comment on function ops.audit_entry_digest is 'SHA-256 of what an entry says, where it stands.';
