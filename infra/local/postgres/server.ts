/** The two PostgreSQL processes: initdb, which runs once, and the server. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { PermanentError } from '../../../functions/core/errors.ts';
import type { PostgresVersion, RunAs } from './binaries.ts';

const run = promisify(execFile);

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
  const flags = [
    `--pgdata=${directory}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--no-instructions',
  ];
  try {
    await run(initdb, [...flags, '--no-sync', ...locales[version]], {
      ...user,
      cwd: directory,
      env: environment(),
    });
  } catch (cause) {
    throw new PermanentError(
      `PostgreSQL could not create its data directory ${directory}: ${output(cause)}`,
      {
        code: 'POSTGRES_INIT_FAILED',
        cause,
      },
    );
  }
}

export interface Server {
  readonly port: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** On the port given, or on a free one: another program may take that first, hence the attempts. */
export async function startServer(
  postgres: string,
  directory: string,
  user: RunAs,
  port: number | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<Server> {
  if (port !== undefined) return startOn(port, postgres, directory, user, settings);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(await freePort(), postgres, directory, user, settings);
    } catch (error) {
      const taken = error instanceof PermanentError && error.message.includes('could not bind');
      if (!taken || attempt === 3) throw error;
    }
  }
}

async function startOn(
  port: number,
  postgres: string,
  directory: string,
  user: RunAs,
  settings: Readonly<Record<string, string>>,
): Promise<Server> {
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
  const child = spawn(postgres, ['-D', directory, '-p', String(port), ...flags], {
    ...user,
    cwd: directory,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in the terminal reaches the stack, which stops the database last.
    detached: true,
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // A process that leaves without stop() (an uncaught error, process.exit) takes its server along.
  const quit = () => child.kill('SIGINT');
  process.once('exit', quit);
  void exited.then(() => process.removeListener('exit', quit));
  await ready(child, directory);
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

/** Resolves at the line that says so; a server that dies before it is an error with its last words. */
function ready(child: ChildProcess, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const fail = (cause?: unknown) => {
      reject(
        new PermanentError(`PostgreSQL did not start on ${directory}: ${heard.trim() || output(cause)}`, {
          code: 'POSTGRES_START_FAILED',
          cause,
        }),
      );
    };
    child.once('error', fail);
    child.once('exit', () => fail());
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Read on after the start too: a full pipe would block the server's logging.
      if (heard.length < 10_000) heard += text;
      if (heard.includes('database system is ready to accept connections')) resolve();
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  // The PG* variables of the user's shell (PGDATA, PGOPTIONS, ...) belong to other servers.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(own), LC_ALL: 'C', LC_MESSAGES: 'C' };
}

function output(error: unknown): string {
  if (!(error instanceof Error)) return 'no message';
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return stderr === '' ? error.message : stderr;
}
