/** What is in memory already, in pieces of the size that a file is read in: each becomes one statement. */
export async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Some 2,000 rows: large enough that statements cost little, small enough to hold several. */
export const PIECE_BYTES = 262_144;
