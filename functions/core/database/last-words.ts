import type { Socket } from 'node:net';

const ERROR_RESPONSE = 'E'.charCodeAt(0);

/** ReadyForQuery but for its last byte, which says whether there is a transaction: what ends every answer of the server. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** The last bytes that the server sent, heard beside the driver. */
export class LastWords {
  #last: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    socket.on('data', this.hear);
  }

  readonly hear = (bytes: Buffer): void => {
    this.#last = bytes;
  };

  /**
   * Why the server hung up. It says so in a FATAL error before it closes (57P01 terminated, 25P03 idle for too long),
   * but the driver only passes an error on once the server is ready again, which after that one it never is.
   */
  fatal(): Error | undefined {
    return fatalAtEnd(this.#last);
  }

  /** Whether they ended an answer, so that what comes next begins a message. */
  endAnAnswer(): boolean {
    const last = this.#last;
    return last.length > READY.length && last.subarray(-1 - READY.length, -1).equals(READY);
  }
}

/** The error message that ends the bytes exactly, if one does. */
function fatalAtEnd(bytes: Buffer): Error | undefined {
  for (
    let start = bytes.indexOf(ERROR_RESPONSE);
    start >= 0;
    start = bytes.indexOf(ERROR_RESPONSE, start + 1)
  ) {
    const enough = start + 5 <= bytes.length;
    if (enough && start + 1 + bytes.readUInt32BE(start + 1) === bytes.length) {
      return fatal(bytes.toString('utf8', start + 5).split('\0'));
    }
  }
  return undefined;
}

/** Each field is a letter and its text: V severity, C SQLSTATE, M message. */
function fatal(fields: readonly string[]): Error | undefined {
  const field = (letter: string) => fields.find((text) => text.startsWith(letter))?.slice(1);
  const [severity, code, message] = [field('V'), field('C'), field('M')];
  if (severity !== 'FATAL' && severity !== 'PANIC') return undefined;
  return Object.assign(new Error(message), { severity, code });
}
