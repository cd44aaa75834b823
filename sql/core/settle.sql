-- grain: one job run that has just been settled, and what follows from it
-- requires: ops.advance_run, ops.join_shards, ops.release
-- A shard that is not the last only gives its slot on; the last settles its job, and the run moves on with that.
create or replace function ops.settle(p_run_id uuid, p_job text, p_shard integer, p_report json, p_findings integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited text;
begin
  if p_shard = 0 or ops.join_shards(p_run_id, p_job, p_report, p_findings) then
    v_limited := ops.advance_run(p_run_id);
  else
    select r.pipeline into v_limited from ops.runs r
    where r.run_id = p_run_id and r.graph -> p_job ? 'limits' and not r.inline;
  end if;
  if v_limited is not null then
    perform ops.release(v_limited, p_run_id);
  end if;
end
$$;

comment on function ops.settle is 'Joins, moves on and releases what a settled job run makes possible.';
