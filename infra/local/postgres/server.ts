/** The two PostgreSQL processes: initdb, which runs once, and the server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { PermanentError } from '../../../functions/core/errors.ts';
import type { PostgresVersion, RunAs } from './binaries.ts';

/** A port that was free a moment ago, out of the system's ephemeral range. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
  return address.port;
}

/**
 * The encoding is UTF-8 whatever the machine's locale says. 18 orders text by code point (builtin provider), 15,
 * which lacks that provider, by ICU: tests that pass on both depend on neither order.
 */
const locales = {
  15: ['--locale-provider=icu', '--icu-locale=und', '--locale=C'],
  18: ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
} as const;

export async function initialise(initdb: string, directory: string, version: PostgresVersion, user: RunAs) {
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-instructions', '--no-sync'];
  const { closed, output } = await launch(initdb, directory, user, [...flags, ...locales[version]]);
  await closed;
  if (output.exitCode === 0) return;
  // The packages' install scripts make the links that the binaries find their libraries by.
  const advice = output.text.includes('shared libraries') ? '; run "npm ci" without --ignore-scripts' : '';
  throw new PermanentError(
    `PostgreSQL could not create its data directory ${directory}: ${output.text.trim()}${advice}`,
    { code: 'POSTGRES_INIT_FAILED' },
  );
}

interface Launched {
  readonly child: ChildProcess;
  /** What it said on stderr, its first 10,000 characters, and how it ended. */
  readonly output: { text: string; exitCode: number | null };
  readonly exited: Promise<void>;
  /** After `exited`, once all it said has been read. */
  readonly closed: Promise<void>;
}

/**
 * Starts one of the binaries on a data directory. Root may keep it below directories that only root may enter
 * (/root, mktemp -d), where the unprivileged user finds no path to it: on Linux it is handed over open instead.
 */
async function launch(
  binary: string,
  directory: string,
  user: RunAs,
  flags: readonly string[],
): Promise<Launched> {
  const handOver = user.uid !== undefined && process.platform === 'linux';
  const handle: FileHandle | undefined = handOver ? await open(directory) : undefined;
  const child = spawn(binary, ['-D', handle === undefined ? directory : '/proc/self/fd/3', ...flags], {
    ...user,
    cwd: directory,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', ...(handle === undefined ? [] : [handle.fd])],
    // A session of its own: Ctrl-C in the terminal reaches the stack, which stops the database last.
    detached: true,
  });
  const output: Launched['output'] = { text: '', exitCode: null };
  // Read to the end in any case: a full pipe would block the server.
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (output.text.length < 10_000) output.text += text;
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      output.text += error.message;
      resolve();
    });
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      output.exitCode = code;
      resolve();
    });
    child.once('error', () => resolve());
  });
  await handle?.close();
  return { child, output, exited, closed };
}

export interface Server {
  readonly port: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly postgres: string;
  readonly directory: string;
  readonly user: RunAs;
  readonly settings: Readonly<Record<string, string>>;
  /** Deleted when this process is gone and could not do it itself. */
  readonly scratch: string;
}

/** On the port given, or on a free one: another program may take that first, hence the attempts. */
export async function startServer(plan: ServerPlan, port: number | undefined): Promise<Server> {
  if (port !== undefined) return startOn(port, plan);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(await freePort(), plan);
    } catch (error) {
      const taken = error instanceof PermanentError && error.message.includes('could not bind');
      if (!taken || attempt === 3) throw error;
    }
  }
}

async function startOn(port: number, plan: ServerPlan): Promise<Server> {
  const { postgres, directory, user, settings, scratch } = plan;
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // The line that says "ready" is of level LOG, the quietest that this process still hears.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = await launch(postgres, directory, user, ['-p', String(port), ...flags]);
  const { child, exited } = server;
  guard(server, scratch);
  await ready(server, directory);
  return {
    port,
    exited,
    stop: async () => {
      // SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written.
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await exited;
    },
  };
}

// $0 is the server, $1 what to delete after it. 10 s at most: where nobody reaps, a dead process stays visible.
const farewell = `read -r _; kill -INT "$0"
  i=0; while [ $i -lt 100 ] && kill -0 "$0" 2>/dev/null; do sleep 0.1; i=$((i + 1)); done
  rm -rf "$1"`;

/**
 * Stops the server when this process is gone, however it went, SIGKILL included: a shell waits for the end of a pipe
 * that only this process holds open. Without it each crashed test run would leave a server behind.
 */
function guard({ child, exited }: Launched, scratch: string): void {
  if (process.platform === 'win32' || child.pid === undefined) return;
  const shell = spawn('sh', ['-c', farewell, String(child.pid), scratch], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Nothing but the guard is lost when there is no shell.
  shell.on('error', () => {});
  shell.unref();
  // A pipe keeps the event loop going unless told not to.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  void exited.then(() => shell.kill('SIGKILL'));
}

/** Resolves at the line that says so; a server that dies before it is an error with its last words. */
function ready({ child, output, closed }: Launched, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!output.text.includes('database system is ready to accept connections')) return;
      child.stderr?.off('data', look);
      resolve();
    };
    child.stderr?.on('data', look);
    look();
    void closed.then(() => {
      reject(
        new PermanentError(`PostgreSQL did not start on ${directory}: ${output.text.trim()}`, {
          code: 'POSTGRES_START_FAILED',
        }),
      );
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  // The PG* variables of the user's shell (PGDATA, PGOPTIONS, ...) belong to other servers.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(own), LC_ALL: 'C', LC_MESSAGES: 'C' };
}
