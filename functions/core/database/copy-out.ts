import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { CopiedRows, RowsOnWire, WireRows } from './types.ts';

const COPY_DATA = 'd'.charCodeAt(0);
const COPY_OUT_RESPONSE = 'H'.charCodeAt(0);
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
/** A message's kind and its length, which counts itself and not the kind. */
const HEADER = 5;
const LF = 10;
const CR = 13;

/** What may wait here for its reader; beyond it the server waits. */
const AHEAD_BYTES = 256 * 1024;

/** Hears the socket beside the driver. */
type Listener = (bytes: Buffer) => void;

/**
 * The rows of a COPY, taken off the socket before the driver reads them; everything else still goes to it. The driver
 * makes three objects of every row, and its stream puts them together again: half of the function's processor time for a
 * file of a million rows. Each row is a message of its own, which the protocol promises of a server, so that rows end where
 * messages do. They are moved together within the bytes that were read: every row has five before it that nobody needs.
 */
class CopyOut implements WireRows {
  readonly #socket: Socket;
  readonly #driver: readonly Listener[];
  readonly #crlf: boolean;
  readonly #rows: CopiedRows[] = [];
  #waitingBytes = 0;
  /** A row, or the header of any message, that has not wholly arrived; its length is 0 while that is not known. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #begunLength = 0;
  /** Still to come of a message of which the driver has the beginning. */
  #driversBytes = 0;
  #driversKind = 0;
  /** Until somebody listens to the driver's stream it hears no more: an error of it that nobody hears ends the process. */
  #watched = false;
  #later: { readonly bytes: Buffer; readonly ends: boolean }[] | undefined;
  /** Whether the driver has a part of what was read last, and may keep it. */
  #heard = false;
  #ready = false;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /**
   * To be made when the server has nothing to say: what comes next must be the beginning of a message.
   * @param beside goes on hearing everything
   */
  constructor(socket: Socket, beside: Listener, crlf: boolean) {
    this.#socket = socket;
    this.#crlf = crlf;
    this.#driver = socket
      .listeners('data')
      .filter((each): each is Listener => each !== beside && typeof each === 'function');
    for (const each of this.#driver) socket.removeListener('data', each);
    socket.on('data', this.#read);
  }

  /** @param stream what the driver made of the COPY: without rows, but with its end and its error */
  endWith(stream: Readable): void {
    const close = () => {
      this.#failure = stream.errored === null ? undefined : { error: stream.errored };
      this.#closed = true;
      this.#wake();
    };
    // A COPY that fails at once may have closed it in the same breath.
    if (stream.closed) close();
    else stream.once('close', close);
    stream.resume();
    this.#watched = true;
    const later = this.#later ?? [];
    this.#later = undefined;
    for (const { bytes, ends } of later) this.#hear(bytes, ends);
  }

  /** The rows that have arrived, once some have. */
  async next(): Promise<IteratorResult<CopiedRows, undefined>> {
    for (;;) {
      const value = this.#rows.shift();
      if (value !== undefined) {
        this.#waitingBytes -= value.bytes.length;
        if (this.#waitingBytes <= AHEAD_BYTES) this.#socket.resume();
        return { value, done: false };
      }
      if (this.#closed && this.#ready) {
        if (this.#failure !== undefined) throw this.#failure.error;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Gives the socket back to the driver. */
  release(): void {
    this.#socket.removeListener('data', this.#read);
    for (const each of this.#driver) this.#socket.on('data', each);
  }

  readonly #read = (bytes: Buffer): void => {
    this.#heard = false;
    for (let at = 0; at < bytes.length; ) {
      if (this.#driversBytes > 0) at = this.#goOn(bytes, at);
      else if (this.#begunBytes > 0) at = this.#complete(bytes, at);
      else at = this.#messages(bytes, at, bytes.buffer.byteLength === bytes.length);
    }
    this.#wake();
  };

  /** @returns where the next message begins */
  #goOn(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#driversBytes);
    this.#toDriver(bytes.subarray(at, end), this.#driversKind, this.#driversBytes - (end - at));
    return end;
  }

  /** Adds to the message that had begun: first what tells its length, then the rest. */
  #complete(bytes: Buffer, at: number): number {
    const wanted = this.#begunLength === 0 ? HEADER : this.#begunLength;
    const end = Math.min(bytes.length, at + wanted - this.#begunBytes);
    this.#begun.push(bytes.subarray(at, end));
    this.#begunBytes += end - at;
    if (this.#begunBytes < wanted) return end;
    const message = Buffer.concat(this.#begun);
    if (this.#begunLength === 0 && message[0] === COPY_DATA) {
      this.#begin(message);
    } else {
      this.#begunBytes = 0;
      this.#messages(message, 0, false);
    }
    return end;
  }

  #begin(bytes: Buffer): void {
    this.#begun = [bytes];
    this.#begunBytes = bytes.length;
    this.#begunLength = bytes.length < HEADER ? 0 : 1 + bytes.readUInt32BE(1);
  }

  /** From the beginning of a message to the end of the bytes, where the last one may be cut off. */
  #messages(bytes: Buffer, start: number, ours: boolean): number {
    let at = start;
    let to = start;
    let from = start;
    let rows = 0;
    while (at + HEADER <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      const kind = bytes[at] ?? 0;
      if (kind === COPY_DATA) {
        if (end > bytes.length) break;
        bytes.copyWithin(to, at + HEADER, end);
        to += end - at - HEADER;
        if (this.#crlf && bytes[to - 1] === LF) {
          bytes[to - 1] = CR;
          bytes[to] = LF;
          to += 1;
        }
        rows += 1;
        at = end;
        continue;
      }
      this.#arrived(bytes.subarray(from, to), rows, false);
      const here = Math.min(end, bytes.length);
      this.#toDriver(bytes.subarray(at, here), kind, end - here);
      at = here;
      from = here;
      to = here;
      rows = 0;
    }
    // A copy of the beginning of a row, since the bytes around it are given back once they are read.
    if (at < bytes.length) this.#begin(Buffer.from(bytes.subarray(at)));
    this.#arrived(bytes.subarray(from, to), rows, ours && !this.#heard);
    return bytes.length;
  }

  /** @param ours nobody else has a part of what they were read into */
  #arrived(bytes: Buffer, rows: number, ours: boolean): void {
    if (rows === 0) return;
    this.#rows.push({ bytes, rows, giveBack: () => ours && giveBack(bytes) });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > AHEAD_BYTES) this.#socket.pause();
  }

  #toDriver(bytes: Buffer, kind: number, missing: number): void {
    this.#heard = true;
    this.#driversKind = kind;
    this.#driversBytes = missing;
    const ends = kind === READY_FOR_QUERY && missing === 0;
    if (this.#later !== undefined) this.#later.push({ bytes, ends });
    else this.#hear(bytes, ends);
    if (kind === COPY_OUT_RESPONSE && missing === 0 && !this.#watched) this.#later = [];
  }

  #hear(bytes: Buffer, ends: boolean): void {
    if (ends) this.#ready = true;
    for (const each of this.#driver) each.call(this.#socket, bytes);
  }
}

/** A transfer to nothing: the memory is free at once and not when V8 next looks for garbage. */
function giveBack({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Rows as the server sends them. */
export const withLf: RowsOnWire = (socket, beside) => new CopyOut(socket, beside, false);

/** The same with CRLF, for which every row has room. */
export const withCrlf: RowsOnWire = (socket, beside) => new CopyOut(socket, beside, true);
