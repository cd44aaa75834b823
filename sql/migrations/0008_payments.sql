-- What the payer recognised, as it was seen: every state of every payment, none of them ever changed.

create type ops.payment_match_rule as enum ('none', 'driver_name_unique', 'driver_id_direct');
create type ops.payment_match_confidence as enum ('high', 'medium', 'unknown');

create table ops.yango_payment_status_ledger (
  id bigint generated always as identity primary key,
  snapshot_at timestamptz not null default now(),
  source_table text not null default 'module_ct_cabinet_payments' check (source_table = 'module_ct_cabinet_payments'),
  source_pk text collate "C" not null,
  pay_date date,
  pay_time time,
  raw_driver_name text not null,
  driver_name_normalized text collate "C" not null,
  milestone_type text not null default 'trips' check (milestone_type = 'trips'),
  milestone_value integer not null references canon.cabinet_milestones,
  is_paid boolean not null,
  paid_flag_source text not null generated always as ('trip_' || milestone_value::text) stored,
  driver_id varchar collate "C",
  person_key uuid,
  match_rule ops.payment_match_rule not null,
  match_confidence ops.payment_match_confidence not null,
  payment_key text collate "C" not null
    generated always as (md5(source_table || '|' || source_pk || '|' || milestone_value::text)) stored,
  revision integer not null check (revision >= 1),
  state_hash text not null,
  job_run_id uuid not null,
  created_at timestamptz not null default now(),
  unique (payment_key, revision),
  constraint payment_driver_has_its_rule check ((driver_id is null) = (match_rule = 'none')),
  constraint payment_confidence_is_the_rules check (match_confidence = case match_rule
    when 'driver_id_direct' then 'high' when 'driver_name_unique' then 'medium' else 'unknown' end::ops.payment_match_confidence),
  constraint payment_name_match_has_a_name check (match_rule <> 'driver_name_unique' or driver_name_normalized <> '')
);

create index yango_payment_status_ledger_said_by_source
  on ops.yango_payment_status_ledger (payment_key, revision desc) where match_rule = 'driver_id_direct';

comment on table ops.yango_payment_status_ledger is
  'One row per state that a payment has been seen in. The latest revision counts; the others stay as they were.';
comment on column ops.yango_payment_status_ledger.payment_key is
  'The payer''s row and the milestone. The name takes no part: a corrected spelling is another state of the same payment.';
comment on column ops.yango_payment_status_ledger.revision is '1 is the first state seen; each later one differs from the one before it.';
comment on column ops.yango_payment_status_ledger.is_paid is 'The payer''s flag trip_1, trip_5 or trip_25: what it paid, not how many trips there were.';
comment on column ops.yango_payment_status_ledger.driver_id is 'As match_rule says: the payer''s own id, or the only driver of that name.';
comment on column ops.yango_payment_status_ledger.person_key is 'As the payer''s row gave it. The person of a driver is looked up where payments are read.';
comment on column ops.yango_payment_status_ledger.driver_name_normalized is 'ops.name_token_key of the name.';

create function ops.refuse_change() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.% is append-only: what was seen stays as it was seen', tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete or truncate on ops.yango_payment_status_ledger
  for each statement execute function ops.refuse_change();

-- A job may add states, but not out of order, not one that is no news, and none whose driver the payer did not name
-- as the payer's word. It reads the payer's table, which the jobs cannot; hence as the owner.
create function ops.guard_payment_states() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  wrong text;
begin
  select format('payment %s, milestone %s, revision %s: ', n.source_pk, n.milestone_value, n.revision) || case
           when n.revision > 1 and before.revision is null then 'the revision before it is not there'
           when before.state_hash = n.state_hash then 'nothing changed since the revision before it'
           else 'its row does not name that driver, so the match is not direct'
         end
  into wrong
  from new_states n
  left join ops.yango_payment_status_ledger before
    on before.payment_key = n.payment_key and before.revision = n.revision - 1
  where n.revision > 1 and before.revision is null
    or before.state_hash = n.state_hash
    or n.match_rule = 'driver_id_direct' and not exists (
      select from public.module_ct_cabinet_payments p where p.id::text = n.source_pk and p.driver_id = n.driver_id)
  order by n.id
  limit 1;
  if wrong is not null then
    raise exception '%', wrong using errcode = 'check_violation';
  end if;
  return null;
end
$$;

create trigger guard_payment_states after insert on ops.yango_payment_status_ledger
  referencing new table as new_states for each statement execute function ops.guard_payment_states();
