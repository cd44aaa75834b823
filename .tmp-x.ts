import { startCluster } from '/work/wt-leads/infra/local/postgres/cluster.ts';
import { connect } from '/work/wt-leads/functions/core/database.ts';
import { migrate } from '/work/wt-leads/functions/core/migrate.ts';
import { createUpstream } from '/work/wt-leads/infra/local/data/upstream.ts';
import * as zz from '/work/wt-leads/node_modules/zod/index.js';
process.on('uncaughtException', async (e) => { console.log(e); await cluster.stop(); process.exit(1); });
const n = Number(process.argv[2] ?? 100000);
const cluster = await startCluster({ unsafe: true, version: 18, settings: { shared_buffers: '1GB', max_wal_size: '4GB', jit: 'off' } });
const admin = connect({ url: cluster.url('postgres') });
await createUpstream(admin, '/work/wt-leads/sql');
await migrate(admin, '/work/wt-leads/sql');
const explain = async (q: string) => { const rows = await admin.sql(zz.looseObject({}))([ 'explain (analyze, buffers, settings) ' + q ] as never); console.log(rows.map((r: never) => r['QUERY PLAN']).join('\n')); };
const t = async (name: string, f: () => Promise<unknown>) => { const s = performance.now(); await f(); console.log(name, ((performance.now() - s) / 1000).toFixed(2)); };
await t('generate', () => admin.script(`
create table public.pool as select i as k, (array['ANA','LUIS','José','María','Pedro','Rosa','Juan','Carmen','Jorge','Elena','Víctor','Lucía','Hugo','Sara','Raúl','Inés','Percy','Milagros','Edgar','Yeni'])[1 + i % 20] || '' as f,
 'Ap' || chr(97 + i % 26) || chr(97 + (i/26) % 26) || chr(97 + (i/676) % 26) as l from generate_series(0, 17575) i;
insert into public.drivers (driver_id, park_id, full_name, phone, hire_date, car_brand, car_model, car_number, license_number, created_at)
select md5('d'||i), case when i % 10 < 8 then 'ea31b731f45d8de31ce61fb924000550' when i % 10 = 8 then 'other' end,
 p.l || ' ' || q.l || ' ' || p.f || case when i % 3 = 0 then ' de la ' || r.l else '' end,
 case when i % 20 = 0 then '' else case when i % 2 = 0 then '+51 ' else '' end || (900000000 + case when i % 50 = 0 then i - 1 else i end) end,
 date '2025-10-01' + (i % 100), 'Kia', 'Rio ' || i % 50, chr(65 + i % 26) || chr(65 + (i/26) % 26) || chr(65 + (i/676) % 26) || '-' || lpad((i / 17576)::text, 3, '0'),
 'Q' || (10000000 + i), now()
from generate_series(1, ${n}) i join pool p on p.k = (i * 7) % 17576 join pool q on q.k = (i * 13) % 17576 join pool r on r.k = (i * 31) % 17576;
insert into public.module_ct_cabinet_leads (external_id, lead_created_at, first_name, last_name, park_phone, asset_plate_number, asset_model)
select md5('l'||i), timestamp '2025-11-01' + (i % 70) * interval '1 day' + interval '5 hours', p.f, upper(p.l) || '  ' || q.l,
 case when i % 10 < 6 then '51' || (900000000 + i) when i % 10 < 9 then null else (700000000 + i)::text end,
 case when i % 10 in (5,6,7,8) then chr(97 + i % 26) || chr(97 + (i/26) % 26) || chr(97 + (i/676) % 26) || ' ' || lpad((i / 17576)::text, 3, '0') else 'zz-' || i end,
 'Kia Rio'
from generate_series(1, ${n}) i join pool p on p.k = (i * 7) % 17576 join pool q on q.k = (i * 13) % 17576;
analyze;`));
await t('norm drivers', () => admin.script(`select count(canon.normalise_phone(phone)), count(canon.normalise_license(license_number)), count(canon.normalise_plate(car_number)), count(canon.name_tokens(canon.normalise_name(canon.full_name(full_name, first_name, middle_name, last_name)))), count(canon.normalise_label(car_brand)), count(canon.normalise_label(car_model)) from public.drivers d`));
await t('changes', () => admin.script('select count(source_digest) from canon.v_drivers_index_changes'));
await t('refresh index', () => admin.sql`select * from canon.refresh_drivers_index()`);
await t('refresh again', () => admin.sql`select * from canon.refresh_drivers_index()`);
await t('keys view', () => admin.script('select count(phone), count(plate), count(tokens), count(model) from canon.v_cabinet_lead_keys'));
await t('stages view', () => admin.script('select limbo_stage, count(*) from ops.v_cabinet_lead_stages group by 1'));
await t('array', () => admin.script('select count(*) from (select array_agg(row(lead_source_pk, lead_date, phone, license, plate, tokens, brand, model)::canon.identity_keys) a from canon.v_cabinet_lead_keys offset 0) x where a is not null'));
await t('match', () => admin.script(`create table m as select m.* from canon.match_identities((select array_agg(row(lead_source_pk, lead_date, phone, license, plate, tokens, brand, model)::canon.identity_keys) from canon.v_cabinet_lead_keys), 'ea31b731f45d8de31ce61fb924000550') m`));

const noisy = connect({ url: cluster.url('postgres'), onNotice: (n: any) => console.log(String(n.message ?? n).slice(0, 9000)) } as never);
try { await noisy.script(`load 'auto_explain'; set auto_explain.log_min_duration = 200; set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on; set auto_explain.log_timing = on; set client_min_messages = log; select count(*) from canon.judge_cabinet_leads((select array_agg(id) from public.module_ct_cabinet_leads), 'ea31b731f45d8de31ce61fb924000550') m`); } catch (e) { console.log(e); }
await noisy.close(); await admin.close(); await cluster.stop();
