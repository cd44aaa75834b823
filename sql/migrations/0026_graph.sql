-- Shards, inputs that are older than the run, limits on what goes on at once, and runs beside another of the same date.

alter table ops.job_runs
  add column shards integer check (shards >= 0),
  add column shard_key text check (char_length(shard_key) between 1 and 200),
  add column shard_input jsonb,
  add column stale_inputs jsonb,
  add constraint job_runs_shard_named check ((shard = 0) = (shard_key is null)),
  add constraint job_runs_shard_whole check (shard = 0 or shards is null);

create unique index job_runs_shard_once on ops.job_runs (run_id, job, shard_key) where shard > 0;

comment on column ops.job_runs.shard is '0: the job itself; 1 to n: its shards, each a job run of its own.';
comment on column ops.job_runs.shards is 'Of a job that split itself: into how many. From then on its shards are at work, and the last of them settles it.';
comment on column ops.job_runs.shard_key is 'What the shard is about, as the job named it; unique within the job.';
comment on column ops.job_runs.shard_input is 'What the job gave the shard beside its own input.';
comment on column ops.job_runs.stale_inputs is 'Jobs that did not succeed in this run and whose last success, an earlier run''s, it worked with.';

-- Who was told explicitly to run beside another run of the same pipeline and date does not stand in its way.
alter table ops.runs add column forced boolean not null default false;
comment on column ops.runs.forced is 'Started although another run of the pipeline and as-of might be under way.';
drop index ops.runs_one_active;
create unique index runs_one_active on ops.runs (pipeline, as_of) where status = 'running' and not dry_run and not forced;
create index runs_under_way on ops.runs (pipeline) where status = 'running';

-- Apart from ops.job_runs: whoever frees a slot takes the next in line out of here, and so never waits for the rows of another run.
create table ops.waiting_job_runs (
  waiting_id bigint generated always as identity primary key,
  job_run_id uuid not null unique references ops.job_runs,
  pipeline text not null,
  job text not null,
  job_limit integer check (job_limit >= 1),
  pipeline_limit integer check (pipeline_limit >= 1),
  check (job_limit is not null or pipeline_limit is not null)
);

create index waiting_job_runs_of_pipeline on ops.waiting_job_runs (pipeline, waiting_id);

comment on table ops.waiting_job_runs is 'One row per job run that is queued and not sent: it waits for a slot under a limit.';
comment on column ops.waiting_job_runs.job_limit is 'How many job runs of this job may be under way at once, over all runs of the pipeline.';
comment on column ops.waiting_job_runs.pipeline_limit is 'The same for the job runs of the whole pipeline.';

alter table ops.outbox add column released_by uuid references ops.runs;
create index outbox_released on ops.outbox (released_by, outbox_id) where sent_at is null and released_by is not null;
comment on column ops.outbox.released_by is 'The run whose job run gave its slot to this one: whoever settled that sends this message too.';
