import type { ObjectStore } from '../../../functions/core/object-store.ts';

/** Small, so that a file of a few rows is read in several: each is a point. */
const PIECE_BYTES = 100;

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** S3 with files in it, by their keys, as the job that takes uploads in reads them. */
export function storeOf(files: ReadonlyMap<string, string>): ObjectStore {
  const refuse = () => {
    throw new Error('the job reads, and nothing else');
  };
  return {
    get: async (key) => {
      const file = files.get(key);
      if (file === undefined) throw new Error(`there is no ${key}`);
      const bytes = Buffer.from(file);
      return { bytes: bytes.length, contentType: 'text/csv', metadata: {}, body: pieces(bytes) };
    },
    put: refuse,
    find: refuse,
    delete: refuse,
    presignPut: refuse,
    presignGet: refuse,
  };
}
