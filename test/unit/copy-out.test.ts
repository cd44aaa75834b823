import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withCrlf, withLf } from '../../functions/core/database/copy-out.ts';
import { Session } from '../../functions/core/database/session.ts';

function message(kind: string, payload: Buffer | string): Buffer {
  const header = Buffer.alloc(5);
  header.write(kind, 'latin1');
  header.writeUInt32BE(4 + Buffer.byteLength(payload), 1);
  return Buffer.concat([header, Buffer.from(payload)]);
}

const BEGIN = message('H', '\0\0\0');
const END = Buffer.concat([message('c', ''), message('C', 'COPY 1\0'), message('Z', 'T')]);

/** A socket without a network, a driver that only listens, and what came out at either. */
async function through(sent: Buffer, cuts: readonly number[], lineEnd: '\n' | '\r\n') {
  const socket = new Socket();
  const beside: Buffer[] = [];
  const heard: Buffer[] = [];
  const listen = (bytes: Buffer) => void beside.push(Buffer.from(bytes));
  const driver = (bytes: Buffer) => void heard.push(Buffer.from(bytes));
  socket.on('data', listen);
  socket.on('data', driver);
  const rows = (lineEnd === '\n' ? withLf : withCrlf)(socket, listen);
  const stream = new Readable({ read() {} });
  rows.endWith(stream);
  const reading = (async () => {
    let [text, counted] = ['', 0];
    for (;;) {
      const next = await rows.next();
      if (next.done === true) return { text, counted };
      text += next.value.bytes.toString();
      counted += next.value.rows;
      next.value.giveBack();
    }
  })();
  let from = 0;
  for (const cut of [...cuts, sent.length]) {
    const to = Math.min(sent.length, from + cut);
    // As the socket gives them: each read in memory of its own.
    if (to > from) socket.emit('data', Buffer.from(new Uint8Array(sent.subarray(from, to)).buffer));
    from = to;
  }
  stream.push(null);
  const read = await reading;
  rows.release();
  const after = socket.listeners('data');
  socket.destroy();
  return {
    ...read,
    heard: Buffer.concat(heard),
    beside: Buffer.concat(beside),
    back: after.length === 2 && after.includes(listen) && after.includes(driver),
  };
}

const row = fc
  .string({ unit: fc.constantFrom('a', 'ñ', 'd', 'Z', '\r', '\0'), maxLength: 30 })
  .map((text) => ({ row: `${text}\n`, bytes: message('d', `${text}\n`) }));
/** What the server may say in the middle of a COPY. */
const aside = fc
  .constantFrom(message('N', 'SNOTICE\0'), message('S', 'TimeZone\0UTC\0'))
  .map((bytes) => ({ row: '', bytes }));
const middle = fc.array(fc.oneof({ weight: 8, arbitrary: row }, { weight: 1, arbitrary: aside }));

describe('a COPY on the wire', () => {
  test('gives its rows to the reader and the rest to the driver, wherever the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        middle,
        fc.array(fc.integer({ min: 1, max: 60 })),
        fc.constantFrom('\n', '\r\n'),
        async (said, cuts, lineEnd) => {
          const sent = Buffer.concat([BEGIN, ...said.map(({ bytes }) => bytes), END]);
          const { text, counted, heard, beside, back } = await through(sent, cuts, lineEnd);
          const rows = said.filter((each) => each.row !== '').map((each) => each.row);
          expect(text).toBe(rows.map((each) => each.replace(/\n$/, lineEnd)).join(''));
          expect(counted).toBe(rows.length);
          const others = said.filter((each) => each.row === '').map(({ bytes }) => bytes);
          expect(heard.equals(Buffer.concat([BEGIN, ...others, END]))).toBe(true);
          expect([beside.length, back]).toEqual([sent.length, true]);
        },
      ),
      { numRuns: 500, timeout: 2000, endOnFailure: true },
    );
  });

  test('one byte at a time, and a row that is larger than any read', async () => {
    const long = `${'x'.repeat(300_000)}\n`;
    const sent = Buffer.concat([BEGIN, message('d', 'a\n'), message('d', long), END]);
    expect((await through(sent, [65_536, 65_536, 65_536, 1], '\r\n')).text).toBe(
      `a\r\n${long.slice(0, -1)}\r\n`,
    );
    const short = Buffer.concat([BEGIN, message('d', 'a\n'), message('d', '\n'), END]);
    expect((await through(short, Array(short.length).fill(1), '\r\n')).text).toBe('a\r\n\r\n');
  });

  test('pauses the socket for a reader who is behind, and lets it go on', async () => {
    const socket = new Socket();
    const rows = withLf(socket, () => {});
    const piece = message('d', `${'x'.repeat(100_000)}\n`);
    for (let n = 0; n < 4; n += 1) socket.emit('data', Buffer.from(piece));
    expect(socket.isPaused()).toBe(true);
    await rows.next();
    expect(socket.isPaused()).toBe(true);
    await rows.next();
    expect(socket.isPaused()).toBe(false);
    socket.destroy();
  });

  test('ends with the error of the driver’s stream, also when that came first', async () => {
    const socket = new Socket();
    const rows = withLf(socket, () => {});
    const stream = new Readable({ read() {} });
    stream.on('error', () => undefined);
    const failure = new Error('division by zero');
    stream.destroy(failure);
    await new Promise(setImmediate);
    socket.emit(
      'data',
      Buffer.concat([BEGIN, message('d', 'a\n'), message('E', 'SERROR\0\0'), message('Z', 'E')]),
    );
    rows.endWith(stream);
    expect((await rows.next()).value).toMatchObject({ rows: 1 });
    await expect(rows.next()).rejects.toBe(failure);
    socket.destroy();
  });
});

test.each([
  ['an answer', message('Z', 'T'), []],
  ['a setting that changed', message('S', 'TimeZone\0UTC\0'), ['']],
  ['half an answer', message('Z', 'T').subarray(2), ['']],
])('after %s a COPY begins where a message does', async (_name, last, asked) => {
  const socket = new Socket();
  const queries: string[] = [];
  const stream = new Readable({ read() {} });
  const session = new Session(
    {
      async query({ text }) {
        queries.push(text);
        return { rows: [], count: 0, command: '' };
      },
      async copy() {
        setImmediate(() => {
          socket.emit('data', Buffer.concat([BEGIN, message('d', 'a\n'), END]));
          stream.push(null);
        });
        return stream;
      },
      async end() {},
    },
    socket,
    0,
  );
  socket.emit('data', last);
  const read = async (rows: AsyncIterable<{ bytes: Buffer }>) => {
    let text = '';
    for await (const { bytes } of rows) text += bytes.toString();
    return text;
  };
  const text = await session.copy('copy', withLf, read, (error) => new Error(String(error)));
  expect([text, queries]).toEqual(['a\n', asked]);
  socket.destroy();
});
