-- What leads and drivers are compared by. The normalisers stand here and not among the replaceable objects: indexes and
-- stored keys are made with them, so a change of one is a migration that makes those anew and raises the version.
-- Each folds case and accents by itself: upper() of a locale would give another key on another machine. None is strict or
-- holds a query, or PostgreSQL would not inline them, and a key would cost five times as much.

create function canon.normaliser_version() returns integer
  language sql immutable parallel safe
  return 1;

comment on function canon.normaliser_version is 'Version of canon.normalise_*: part of the digest by which a stored key is known to be current.';

create function canon.normalise_phone(raw text) returns text
  language sql immutable parallel safe
  return substring(
    regexp_replace(regexp_replace(raw, '[-()+ \t\n\u000B\f\r\u0085\u00A0\u2007\u202F\u3000]+', '', 'g'), '^51(?=.{9}$)', '')
    from '^.{8,}$');

comment on function canon.normalise_phone is
  'Without white space, - ( ) +, and without a leading 51 of 11 characters. NULL under 8 characters. Letters and dots survive.';

create function canon.normalise_plate(raw text) returns text
  language sql immutable parallel safe
  return nullif(regexp_replace(upper(raw collate "C"), '[^A-Z0-9]+', '', 'g'), '');

comment on function canon.normalise_plate is 'Upper case, A-Z and 0-9 alone. NULL when nothing is left.';

create function canon.normalise_license(raw text) returns text
  language sql immutable parallel safe
  return nullif(regexp_replace(upper(raw collate "C"), '^[^A-Z0-9]*DRIVERDRAFT.*|[^A-Z0-9]+', '', 'g'), '');

comment on function canon.normalise_license is 'Upper case, A-Z and 0-9 alone. NULL when nothing is left, and for the placeholder DRIVERDRAFT...';

-- Accented letters that are not listed (a ligature, say) go, as any other sign does; so does a combining accent. Most texts
-- are plain: translate() asks every letter for all 58, and takes ten times as long as the rest.
create function canon.fold_text(raw text) returns text
  language sql immutable parallel safe
  return upper(
    case when octet_length(raw) = length(raw) then raw else translate(
      raw,
      U&'\00C0\00C1\00C2\00C3\00C4\00C5\00E0\00E1\00E2\00E3\00E4\00E5\00C8\00C9\00CA\00CB\00E8\00E9\00EA\00EB\00CC\00CD\00CE\00CF\00EC\00ED\00EE\00EF\00D2\00D3\00D4\00D5\00D6\00F2\00F3\00F4\00F5\00F6\00D9\00DA\00DB\00DC\00F9\00FA\00FB\00FC\00D1\00F1\00C7\00E7\0085\00A0\2007\202F\3000',
      'AAAAAAAAAAAAEEEEEEEEIIIIIIIIOOOOOOOOOOUUUUUUUUNNCC     '
    ) end collate "C");

comment on function canon.fold_text is 'Upper case without accents. Signs and ASCII''s white space stay.';

-- 200 characters: far beyond any name, and it keeps the fractions of canon.match_identities within 64 bits.
create function canon.normalise_name(raw text) returns text
  language sql immutable parallel safe
  return nullif(btrim(left(
    regexp_replace(regexp_replace(canon.fold_text(raw), '[^A-Z \t\n\u000B\f\r]+', '', 'g'), ' {2,}| ?[\t\n\u000B\f\r][ \t\n\u000B\f\r]*', ' ', 'g'), 200)), '');

comment on function canon.normalise_name is 'A-Z and single blanks, accents folded, at most 200 characters. NULL when nothing is left.';

create function canon.normalise_label(raw text) returns text
  language sql immutable parallel safe
  return nullif(btrim(regexp_replace(
    regexp_replace(canon.fold_text(raw), '[^A-Z0-9 \t\n\u000B\f\r]+', '', 'g'), ' {2,}| ?[\t\n\u000B\f\r][ \t\n\u000B\f\r]*', ' ', 'g')), '');

comment on function canon.normalise_label is 'Brand or model of a car: as a name, digits kept. NULL when nothing is left.';

-- A tsvector is a sorted set of words with set operations in C: |A or B| is length(a || b), at a twentieth of the time
-- that unnesting two arrays takes per pair.
create function canon.name_tokens(name text) returns tsvector
  language sql immutable parallel safe
  return ts_delete(
    array_to_tsvector(string_to_array(name, ' ')), array['DE', 'DEL', 'LA', 'LOS', 'LAS', 'EL', 'Y', 'E']
  );

comment on function canon.name_tokens is 'The set of words of a normalised name, without DE, DEL, LA, LOS, LAS, EL, Y, E. Positions play no part.';

create function canon.full_name(full_name text, first_name text, middle_name text, last_name text) returns text
  language sql immutable parallel safe
  return coalesce(nullif(btrim(full_name), ''), nullif(btrim(
    coalesce(nullif(btrim(first_name), '') || ' ', '') || coalesce(nullif(btrim(middle_name), '') || ' ', '') || coalesce(btrim(last_name), '')
  ), ''));

comment on function canon.full_name is 'The full name where there is one, else its parts. Raw: not normalised.';

create table canon.drivers_index (
  driver_id varchar collate "C" primary key,
  park_id varchar,
  phone_norm text collate "C",
  license_norm text collate "C",
  plate_norm text collate "C",
  name_tokens tsvector,
  brand_norm text collate "C",
  model_norm text collate "C",
  hire_date date,
  source_digest bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index drivers_index_phone on canon.drivers_index (phone_norm) where phone_norm is not null;
create index drivers_index_license on canon.drivers_index (license_norm) where license_norm is not null;
create index drivers_index_plate on canon.drivers_index (plate_norm) where plate_norm is not null;

comment on table canon.drivers_index is 'One row per driver of public.drivers, by what it is compared with. Holds phones: no role but the owner reads it.';
comment on column canon.drivers_index.source_digest is 'Of the source row''s columns and the normalisers'' version: another digest, another row.';

create index identity_registry_phone on canon.identity_registry (canon.normalise_phone(primary_phone)) where primary_phone is not null;
create index identity_registry_license on canon.identity_registry (canon.normalise_license(primary_license)) where primary_license is not null;

-- What is compared: the keys of one row of any source, already normalised.
create type canon.identity_keys as (
  source_pk text, snapshot_date date, phone text, license text, plate text, tokens tsvector, brand text, model text
);

create type canon.unmatched_status as enum ('OPEN', 'RESOLVED', 'IGNORED');
create type canon.unmatched_reason as enum (
  'NO_CANDIDATES', 'MULTIPLE_CANDIDATES', 'WEAK_MATCH_ONLY', 'NO_PERSON_KEY', 'PERSON_CONFLICT', 'LINK_UNDONE', 'ERROR', 'MISSING_KEYS'
);

create table canon.identity_unmatched (
  id integer generated by default as identity primary key,
  source_table varchar not null,
  source_pk varchar collate "C" not null,
  snapshot_date date,
  reason_code canon.unmatched_reason not null,
  details jsonb,
  candidates_preview jsonb,
  status canon.unmatched_status not null default 'OPEN',
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  reopened_at timestamptz,
  job_run_id uuid,
  unique (source_table, source_pk),
  constraint resolved_has_its_time check (status <> 'RESOLVED' or resolved_at is not null)
);

comment on table canon.identity_unmatched is 'One row per upstream row that no rule could link, and why. Never deleted; holds neither names nor phones.';
comment on column canon.identity_unmatched.status is 'OPEN; RESOLVED once it has a person and a driver, reopened when it loses them; IGNORED by a person, which no job changes.';
comment on column canon.identity_unmatched.job_run_id is 'The job run that changed the row last, in ops.job_runs.';

alter table canon.identity_links add column job_run_id uuid;
comment on column canon.identity_links.job_run_id is 'The job run that made the link, in ops.job_runs; empty for links brought in from before.';
comment on column canon.identity_links.run_id is 'Of the system before; empty since.';

create table canon.identity_link_undos (
  undo_id bigint generated always as identity primary key,
  source_table varchar not null,
  source_pk varchar collate "C" not null,
  person_key uuid not null,
  link jsonb not null,
  undone_at timestamptz not null default now(),
  undone_by text not null,
  reason text not null check (reason <> '')
);

create index identity_link_undos_pair on canon.identity_link_undos (source_pk, source_table, person_key);

comment on table canon.identity_link_undos is 'One row per link that somebody undid. No job makes the same link again.';
comment on column canon.identity_link_undos.link is 'The link as it was, with its rule, score, evidence and job run.';

create table ops.cabinet_settings (
  only_row boolean primary key default true check (only_row),
  target_park_id varchar not null check (target_park_id <> '')
);

insert into ops.cabinet_settings (target_park_id) values ('ea31b731f45d8de31ce61fb924000550');

comment on table ops.cabinet_settings is 'One row: what the customer sets without code. Operators change it.';
comment on column ops.cabinet_settings.target_park_id is 'The park whose drivers leads are matched with first.';
