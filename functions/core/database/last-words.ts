import type { Socket } from 'node:net';

const ERROR_RESPONSE = 'E'.charCodeAt(0);

/**
 * Why the server hung up. It says so in a FATAL error before it closes (57P01 terminated, 25P03 idle for too long),
 * but the driver only passes an error on once the server is ready again, which after that one it never is.
 */
export function hearLastWords(socket: Socket): () => Error | undefined {
  let last: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    last = chunk;
  });
  return () => fatalAtEnd(last);
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
