-- "What was ever decided about this lead?" is asked by people, one subject at a time, over every night there was.
create index decisions_by_subject on ops.decisions (subject, decision_id);
