import { startTcpProxy, type TcpProxy } from '../tcp-proxy.ts';

export interface WirePlan {
  /** Whose messages are counted. */
  readonly from: 'client' | 'server';
  /** The connection is cut before these, counted from 0 over all connections that pass here. */
  readonly cuts: readonly number[];
  readonly fate: 'reset' | 'close';
}

/** The wire between one process and PostgreSQL, cut before given messages of the protocol; whole ones are passed on until then. */
export class Wire {
  readonly #proxy: TcpProxy;
  readonly #talks = new Map<number, Talk>();
  readonly #plan: WirePlan;
  /** Messages that have begun to pass. */
  messages = 0;
  cuts = 0;

  private constructor(proxy: TcpProxy, plan: WirePlan) {
    this.#proxy = proxy;
    this.#plan = plan;
    proxy.rule = ({ from, bytes, connection }) => {
      if (from !== plan.from) return 'pass';
      const cut = this.#cutIn(bytes, connection);
      if (cut === undefined) return 'pass';
      this.cuts += 1;
      return { first: cut, rest: plan.fate };
    };
  }

  static async start(database: string, plan: WirePlan): Promise<Wire> {
    const { hostname, port } = new URL(database);
    return new Wire(await startTcpProxy({ host: hostname, port: Number(port) }), plan);
  }

  get port(): number {
    return this.#proxy.port;
  }

  stop(): Promise<void> {
    return this.#proxy.stop();
  }

  /** How many of the bytes still pass; undefined when all do. */
  #cutIn(bytes: Buffer, connection: number): number | undefined {
    const talk = this.#talks.get(connection) ?? new Talk(this.#plan.from === 'client');
    this.#talks.set(connection, talk);
    if (talk.over) return undefined;
    for (const begins of talk.hear(bytes)) {
      const number = this.messages;
      this.messages += 1;
      if (!this.#plan.cuts.includes(number)) continue;
      talk.over = true;
      return begins;
    }
    return undefined;
  }
}

/** One direction of one connection: where its messages begin, however they are cut into packets. */
class Talk {
  /** Said no more, once it is cut. */
  over = false;
  #header: number[] = [];
  #left = 0;
  /** A client's first message has no letter before its length. */
  #bare: boolean;

  constructor(bare: boolean) {
    this.#bare = bare;
  }

  /** @returns where in the bytes messages begin */
  *hear(bytes: Buffer): Generator<number> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      if (this.#header.length === 0) yield at;
      this.#header.push(bytes[at] ?? 0);
      at += 1;
      if (this.#header.length < (this.#bare ? 4 : 5)) continue;
      this.#left = Buffer.from(this.#header.slice(-4)).readUInt32BE() - 4;
      this.#header = [];
      this.#bare = false;
    }
  }
}
