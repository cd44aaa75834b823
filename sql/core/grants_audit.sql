-- grain: none; who may do what with the audit trail
-- requires: ops.seal_audit, ops.verify_audit, ops.audit_findings, ops.audit_entry_digest, ops.audit_seal_digest, ops.decisions_of_figure, ops.state_at
-- Sealing and walking it are the jobs'; nobody writes a seal by hand. The entries' texts are for the owner alone.
revoke execute on function ops.seal_audit, ops.verify_audit, ops.audit_findings from public;
grant execute on function ops.seal_audit, ops.verify_audit to cuadre_jobs;
grant select on ops.audit_seals, ops.audit_verifications to cuadre_jobs, cuadre_operator, cuadre_reader;

-- What a figure stands on: with the seal of each row, and the rules and objects as they were then.
grant select on ops.audit_sealed_entries, ops.recorded_states to cuadre_reader;
