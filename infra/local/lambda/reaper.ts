import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills the function processes when this process dies without saying goodbye (SIGKILL, out of memory). They
 * could not notice themselves: most of the time they are stopped. A shell of a few hundred KB reads their ids
 * from a pipe, whose end is the death that it waits for.
 */
const script = `
pids=""
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid " ;;
    -) pids="\${pids% $pid *}\${pids##* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done
rm -rf "$1"
`;

export class Reaper {
  readonly #shell: ChildProcess | undefined;

  /** `scratch` is a directory that goes too. */
  constructor(scratch: string) {
    if (process.platform === 'win32') return;
    this.#shell = spawn('/bin/sh', ['-c', script, 'reaper', scratch], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
  }

  watch(pid: number): void {
    this.#shell?.stdin?.write(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell?.stdin?.write(`- ${pid}\n`);
  }

  stop(): void {
    this.#shell?.stdin?.end();
  }
}
