-- grain: none; who may read what is told of leads and nights
-- requires: observational.v_lead_events, ops.v_decisions, ops.cabinet_lead_story, ops.cabinet_night
-- Events by their channel: the payload itself, which may name people, stays where only jobs read.
grant select on observational.v_lead_events, ops.v_decisions to cuadre_reader;
