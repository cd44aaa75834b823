import { join } from 'node:path';
import { connect } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { startCluster } from '../../infra/local/postgres/cluster.ts';
import type { Stages } from './simulate.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Two databases of a cluster that is gone when the work is done. */
export async function onStages<T>(work: (stages: Stages) => Promise<T>): Promise<T> {
  const cluster = await startCluster({ unsafe: true });
  const server = connect({ url: cluster.url('postgres') });
  // Without a listener the process would end at once, and leave the cluster behind.
  const interrupted = () => void cluster.stop().finally(() => process.exit(130));
  for (const signal of signals) process.once(signal, interrupted);
  try {
    await server.script('create database undisturbed');
    const database = connect({ url: cluster.url('undisturbed') });
    const sqlDirectory = join(import.meta.dirname, '../../sql');
    await createUpstream(database, sqlDirectory);
    await migrate(database, sqlDirectory);
    await database.close();
    await server.script('create database disturbed template undisturbed');
    return await work({ undisturbed: cluster.url('undisturbed'), disturbed: cluster.url('disturbed') });
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    await server.close();
    await cluster.stop();
  }
}
