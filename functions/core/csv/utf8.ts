/** UTF-8 that arrives in pieces, decoded strictly: what is not UTF-8 is found to the byte. */
import { isUtf8 } from 'node:buffer';

export interface Decoded {
  readonly text: string;
  /** The first byte that cannot be decoded; `text` is what stands before it. */
  readonly badByte?: number;
}

export class Utf8Decoder {
  #rest: Buffer = Buffer.alloc(0);

  push(piece: Buffer): Decoded {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const whole = bytes.length - cutCharacter(bytes);
    this.#rest = bytes.subarray(whole);
    return decode(bytes.subarray(0, whole));
  }

  end(): Decoded {
    return decode(this.#rest);
  }
}

function decode(bytes: Buffer): Decoded {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8') };
  let good = 0;
  for (;;) {
    const length = lengthFrom(bytes[good] ?? 0);
    const character = bytes.subarray(good, good + length);
    if (character.length < length || !isUtf8(character)) break;
    good += length;
  }
  return { text: bytes.toString('utf8', 0, good), badByte: bytes[good] ?? 0 };
}

/** How many bytes at the end begin a character that is not complete. */
function cutCharacter(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return lengthFrom(byte) > back ? back : 0;
  }
  return 0;
}

function lengthFrom(leadByte: number): number {
  if (leadByte >= 0xf0) return 4;
  if (leadByte >= 0xe0) return 3;
  return leadByte >= 0xc0 ? 2 : 1;
}
