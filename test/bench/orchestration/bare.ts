import * as z from 'zod';
import { connect, type Database } from '../../../functions/core/database.ts';

/** What no durable task can do without: begin, insert, update, commit. */
export async function createBare(admin: Database): Promise<void> {
  await admin.script(`
    create table public.bench_bare (
      id bigint generated always as identity primary key,
      task text not null,
      status text not null default 'queued',
      finished_at timestamptz
    );
    grant select, insert, update on public.bench_bare to cuadre_jobs;`);
}

/** @returns transactions per second over so many connections, each as fast as it can */
export async function bareRate(url: string, connections: number, seconds: number): Promise<number> {
  const all = Array.from({ length: connections }, () => connect({ url, applicationName: 'bench bare' }));
  try {
    await Promise.all(all.map((database) => once(database)));
    const begun = performance.now();
    const until = begun + seconds * 1000;
    const counts = await Promise.all(
      all.map(async (database) => {
        let count = 0;
        for (; performance.now() < until; count += 1) await once(database);
        return count;
      }),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    return (total / (performance.now() - begun)) * 1000;
  } finally {
    await Promise.all(all.map((database) => database.close()));
  }
}

const made = z.strictObject({ id: z.string() });

/** Prepared statements on a connection of the project's own driver, guarded as every transaction of it. */
async function once(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    const [row] = await sql(made)`insert into public.bench_bare (task) values ('bench') returning id`;
    await sql`
      update public.bench_bare set status = 'done', finished_at = clock_timestamp() where id = ${row?.id ?? null}::bigint`;
  });
}
