import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { endOfLog } from './protocol.ts';

interface Collecting {
  /** Resolves when both streams have brought all that the invocation wrote. */
  readonly complete: Promise<void>;
  /** Stops collecting; what was written. */
  end(): string;
}

/** More than this of one invocation is not kept for the caller, who gets the last 4 KB at most. */
const KEPT = 256 * 1024;

/** Splits what a process writes into lines, and keeps those of the invocation under way. */
export class LogCollector {
  #marker = '';
  #open = 0;
  #collected: string[] = [];
  #size = 0;
  #complete: () => void = () => {};
  readonly #onLine: (line: string) => void;

  constructor(child: ChildProcess, onLine: (line: string) => void) {
    this.#onLine = onLine;
    if (child.stdout !== null) this.#follow(child.stdout);
    if (child.stderr !== null) this.#follow(child.stderr);
  }

  begin(requestId: string): Collecting {
    this.#marker = endOfLog(requestId).trimEnd();
    this.#open = 2;
    this.#collected = [];
    this.#size = 0;
    const complete = new Promise<void>((resolve) => {
      this.#complete = resolve;
    });
    return { complete, end: () => this.#collected.join('') };
  }

  #follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
    stream.on('end', () => {
      if (rest !== '') this.#take(rest);
    });
  }

  #take(line: string): void {
    // A handler may leave its last line unfinished: the marker then stands at that line's end.
    const at = line.indexOf('\u0000END ');
    const written = at < 0 ? line : line.slice(0, at);
    if (at < 0 || written !== '') this.#keep(written);
    if (at >= 0 && line.slice(at) === this.#marker) {
      this.#open -= 1;
      if (this.#open === 0) this.#complete();
    }
  }

  #keep(line: string): void {
    this.#onLine(line);
    if (this.#size > KEPT) this.#size -= this.#collected.shift()?.length ?? 0;
    this.#collected.push(`${line}\n`);
    this.#size += line.length + 1;
  }
}
