-- grain: none; the rows that the first run left, inserted into empty tables with the same indexes, keys and checks
create schema bare;
create table bare.identity_registry (like canon.identity_registry including all);
create table bare.identity_links (like canon.identity_links including all, foreign key (person_key) references bare.identity_registry);
create table bare.identity_unmatched (like canon.identity_unmatched including all);
create table bare.lead_events (like observational.lead_events including all);
create table bare.decisions (like ops.decisions including all, foreign key (job_run_id) references ops.job_runs);
begin;
insert into bare.identity_registry table canon.identity_registry;
insert into bare.identity_links table canon.identity_links;
insert into bare.identity_unmatched table canon.identity_unmatched;
insert into bare.lead_events table observational.lead_events;
insert into bare.decisions overriding system value table ops.decisions;
commit;
drop schema bare cascade;
