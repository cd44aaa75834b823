import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildAppOptions } from 'fauxqs';
import * as z from 'zod';

type Stores = NonNullable<BuildAppOptions['stores']>;
export type SqsStore = Stores['sqsStore'];
export type SnsStore = Stores['snsStore'];
export type S3Store = Stores['s3Store'];
export type Spy = NonNullable<SqsStore['spy']>;
export type Persistence = NonNullable<SqsStore['persistence']>;

/** The persistence as its store uses it, plus what only its owner calls. */
type OwnedPersistence = Persistence & {
  load(sqs: SqsStore, sns: SnsStore, s3: S3Store): void;
  close(): void;
};

/** Objects as files, one each, beside their description. */
type ObjectFiles = NonNullable<S3Store['persistence']> & { loadS3(s3: S3Store): void };

const classOf = <T>() => z.custom<T>((value) => typeof value === 'function', 'a class was expected');

/**
 * The classes that the queue server is made of. Its own `startFauxqs` listens on every interface of the machine,
 * with no option against it; put together here, it listens on 127.0.0.1 and tells of every message.
 */
export async function queueServerParts() {
  const root = fileURLToPath(new URL('.', import.meta.resolve('fauxqs')));
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(root, path)).href);
  return {
    ...z.object({ SqsStore: classOf<new () => SqsStore>() }).parse(await load('sqs/sqsStore.js')),
    ...z.object({ SnsStore: classOf<new () => SnsStore>() }).parse(await load('sns/snsStore.js')),
    ...z.object({ S3Store: classOf<new () => S3Store>() }).parse(await load('s3/s3Store.js')),
    ...z.object({ MessageSpy: classOf<new () => Spy>() }).parse(await load('spy.js')),
    ...z
      .object({ PersistenceManager: classOf<new (directory: string) => OwnedPersistence>() })
      .parse(await load('persistence.js')),
    ...z
      .object({ FileS3Persistence: classOf<new (directory: string) => ObjectFiles>() })
      .parse(await load('s3/fileS3Persistence.js')),
  };
}
