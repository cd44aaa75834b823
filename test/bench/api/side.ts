import { type ChildProcess, fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const started = z.strictObject({ port: z.int() });

/** A server in a process of its own; `memory` and `peak` are bytes of its resident set, NaN without /proc. */
export class Side {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number, port: number) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
  }

  /** @throws when it ends before it listens: it has said why on stderr */
  static async start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Side> {
    const child = fork(join(import.meta.dirname, file), args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const said = await new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    });
    return new Side(child, child.pid ?? Number.NaN, started.parse(said).port);
  }

  async memory(): Promise<number> {
    return this.#status('VmRSS');
  }

  /** Since the last forgetPeak(). */
  async peak(): Promise<number> {
    return this.#status('VmHWM');
  }

  async forgetPeak(): Promise<void> {
    if (process.platform === 'linux') await writeFile(`/proc/${this.pid}/clear_refs`, '5');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }

  async #status(name: string): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
  }
}
