-- grain: none; who may hand files in
-- requires: ops.begin_upload, ops.stage_upload, ops.stage_upload_rejects, ops.take_leads, ops.take_trips, ops.take_payments, ops.take_upload, ops.request_upload, ops.v_cabinet_leads_diagnostics
-- These run as their owner, who alone may add to the upstream's tables; nobody else can, but by a whole file that is recorded.
revoke execute on function
  ops.begin_upload, ops.stage_upload, ops.stage_upload_rejects, ops.take_leads, ops.take_trips, ops.take_payments, ops.take_upload,
  ops.request_upload
from public;
grant execute on function ops.begin_upload, ops.stage_upload, ops.stage_upload_rejects, ops.take_upload to cuadre_operator, cuadre_jobs;
grant execute on function ops.request_upload to cuadre_operator;

grant select on ops.upload_requests, ops.uploads, ops.upload_rejects to cuadre_operator, cuadre_jobs, cuadre_reader;
grant select on ops.v_cabinet_leads_diagnostics to cuadre_reader;
