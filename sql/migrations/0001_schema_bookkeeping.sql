-- What has been applied to this database; the migration runner alone writes it.
create table ops.schema_migrations (
  number integer primary key check (number >= 0),
  name text not null unique,
  checksum text not null,
  breaking boolean not null,
  applied_at timestamptz not null default clock_timestamp()
);

comment on table ops.schema_migrations is 'One row per numbered migration that was applied.';
comment on column ops.schema_migrations.checksum is 'SHA-256 of the file: an applied migration may not change any more.';
comment on column ops.schema_migrations.breaking is 'Code that does not know this migration must not work on the schema.';

create table ops.schema_objects (
  name text primary key,
  kind text not null check (kind in ('view', 'materialized view', 'function', 'procedure', 'script')),
  file text not null,
  checksum text not null,
  requires text[] not null,
  applied_at timestamptz not null default clock_timestamp()
);

comment on table ops.schema_objects is 'One row per repeatable object (view, function...) as it was last applied.';
comment on column ops.schema_objects.requires is 'The objects it is built on, as its file declared them: they decide what is dropped with it.';

-- Every function looks here at its cold start, before it touches anything.
grant select on ops.schema_migrations to cuadre_jobs, cuadre_operator, cuadre_reader;
