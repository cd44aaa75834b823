import { workerConfig } from './config.ts';
import { PermanentError } from './errors.ts';
import { type ObjectStore, objectStore } from './object-store.ts';

/** The deployment's bucket of files, for the functions that are told of it. */
export function fileStore(): ObjectStore {
  const { FILES_BUCKET } = workerConfig(process.env);
  if (FILES_BUCKET !== undefined) return objectStore(FILES_BUCKET);
  throw new PermanentError('this function knows no bucket of files: FILES_BUCKET is not set', {
    code: 'NO_FILES_BUCKET',
  });
}
