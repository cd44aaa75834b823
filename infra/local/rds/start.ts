import { join } from 'node:path';
import type { World } from '../assembly/world.ts';
import { type Cluster, startCluster } from '../postgres/cluster.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { masterOf, prepareDatabase } from './database.ts';
import { databaseCluster } from './types.ts';

export interface StartedDatabase {
  readonly host: string;
  readonly port: number;
  /** The port that the template gives the cluster. */
  readonly templatePort: number;
  /** Makes the database and its master user; the connection URL as that user. */
  prepare(secrets: Secrets): Promise<string>;
  url(role: string): string;
  stop(): Promise<void>;
}

/** The template's cluster, when it has one. `world` may not know the address yet: nothing but constants is read. */
export async function startDatabase(
  world: World,
  options: {
    readonly stateDirectory: string | undefined;
    readonly port: number | undefined;
    readonly version: 15 | 18 | undefined;
  },
): Promise<StartedDatabase | undefined> {
  const [placed] = world.all(databaseCluster);
  if (placed === undefined) return undefined;
  const { properties, identity } = placed;
  const { stateDirectory: state, port, version } = options;
  const cluster: Cluster = await startCluster({
    unsafe: state === undefined,
    ...(state === undefined ? {} : { directory: join(state, 'postgres') }),
    ...(port === undefined ? {} : { port }),
    ...(version === undefined ? {} : { version }),
  });
  const name = properties.DatabaseName;
  return {
    host: cluster.host,
    port: cluster.port,
    templatePort: properties.Port,
    prepare: async (secrets) => {
      const master = masterOf(properties, secrets);
      const secretArn = identity.attributes?.['MasterUserSecret.SecretArn'];
      if (properties.ManageMasterUserPassword && secretArn !== undefined) secrets.put(secretArn, master);
      await prepareDatabase({ cluster, name, master });
      return cluster.url(name, master.username);
    },
    url: (role) => cluster.url(name, role),
    stop: () => cluster.stop(),
  };
}
