-- A missed time may be started more than once, when nothing comes of it: each has its number.
comment on column ops.schedule_events.ordinal is 'Which postponement, or which restart of a missed time, it is, from 1; 1 of MISSED: its restarts came to nothing, and no more is done; 0 for what happens once.';
