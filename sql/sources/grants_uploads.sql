-- grain: none; what a customer grants who wants files of leads, trips and payments taken in
-- requires: public.module_ct_cabinet_leads, public.summary_daily, public.module_ct_cabinet_payments
-- To the owner, who cannot log in: rows are added by its functions alone. None is changed or deleted.
grant insert on public.module_ct_cabinet_leads, public.summary_daily, public.module_ct_cabinet_payments to cuadre_owner;
grant usage on sequence public.module_ct_cabinet_leads_id_seq to cuadre_owner;
