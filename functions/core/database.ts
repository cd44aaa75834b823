import type { Socket } from 'node:net';
import Stream from 'node:stream';
import postgres from 'postgres';
import { asError, codeOf, toTyped } from './database/failure.ts';
import { driverTypes } from './database/parsers.ts';
import { Pool } from './database/pool.ts';
import { type Driver, Session } from './database/session.ts';
import { type Settings, settingsOf } from './database/settings.ts';
import { openSocket, timedOut } from './database/socket.ts';
import { command, type Reply, type Row, type Statement } from './database/statement.ts';
import { makeDatabase } from './database/statements.ts';
import type { ConnectOptions, Database, Login } from './database/types.ts';
import { PermanentError } from './errors.ts';

export { withCrlf, withLf } from './database/copy-out.ts';
export { Json, json } from './database/statement.ts';
export type {
  ConnectOptions,
  CopiedRows,
  Database,
  Login,
  PasswordSource,
  Sql,
  SqlValue,
  Transaction,
} from './database/types.ts';

/** Opens nothing yet: the first statement does, and so does the first one after a loss or a long pause. */
export function connect(options: ConnectOptions): Database {
  const settings = settingsOf(options);
  return makeDatabase(new Pool(() => openSession(settings), settings.max, settings.idleSeconds));
}

/** A refused password is asked for once more: it may have been rotated since it was read. */
async function openSession(settings: Settings): Promise<Session> {
  const doing = `connect to ${settings.host}:${settings.port}/${settings.database}`;
  try {
    return await logIn(settings, await settings.password(false)).catch(async (error: unknown) => {
      if (codeOf(error) !== '28P01') throw error;
      return await logIn(settings, await settings.password(true));
    });
  } catch (error) {
    throw toTyped(error, doing);
  }
}

async function logIn(settings: Settings, answer: string | Login): Promise<Session> {
  const login = typeof answer === 'string' ? { user: settings.user, password: answer } : answer;
  const deadline = AbortSignal.timeout(settings.connectSeconds * 1000);
  const socket = await openSocket(settings, deadline);
  const session = new Session(startDriver(settings, login, socket), socket, settings.statementSeconds);
  const expire = () => session.lose(timedOut(settings));
  deadline.addEventListener('abort', expire);
  try {
    // The empty statement: what fails here has failed before any work was sent.
    await session.run(command(''));
    return session;
  } catch (error) {
    session.lose(asError(error));
    throw error;
  } finally {
    deadline.removeEventListener('abort', expire);
  }
}

/**
 * A client of the driver on a socket made for it. The driver would reconnect by itself and send what a dead
 * transaction had left in its queues; its second wish for a socket is therefore refused. `fetch_types` would
 * ask the server for array types in a promise that nobody awaits: losing the connection then ends the process.
 */
function startDriver(
  settings: Settings,
  login: { user: string | undefined; password: string },
  socket: Socket,
): Driver {
  const sockets = [socket];
  const options = {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    ...(login.user === undefined ? {} : { user: login.user }),
    password: login.password,
    socket: () => sockets.pop() ?? Promise.reject(new Error('the server closed the connection')),
    max: 1,
    ssl: false,
    prepare: settings.prepare,
    fetch_types: false,
    idle_timeout: 0,
    connect_timeout: 0,
    max_lifetime: 0,
    keep_alive: 30,
    types: driverTypes(),
    onnotice: settings.onNotice,
    // Text then means the same whatever the server's or the role's settings are.
    connection: { application_name: settings.applicationName, TimeZone: 'UTC', DateStyle: 'ISO, YMD' },
  };
  const client = postgres(options);
  return {
    query: (statement) => send(client, statement, settings.prepare),
    copy: (text) => receive(client, text),
    end: () => client.end({ timeout: 1 }),
  };
}

async function send(client: postgres.Sql, statement: Statement, prepare: boolean): Promise<Reply> {
  const mode = { prepare: prepare && !statement.script, simple: statement.script };
  const result: unknown = await client.unsafe(statement.text, [...statement.parameters], mode);
  if (!isResult(result)) {
    // COPY resolves to a stream, and the connection now speaks of nothing else.
    if (result instanceof Stream) result.on('error', () => undefined);
    throw new PermanentError('COPY is what copy() of a transaction is for, and only to the client', {
      code: 'COPY',
    });
  }
  return { rows: result, count: result.count ?? 0, command: result.command ?? '' };
}

async function receive(client: postgres.Sql, text: string): Promise<Stream.Readable> {
  const stream: unknown = await client.unsafe(text).readable();
  if (stream instanceof Stream.Readable) {
    // Also where the connection is lost before anybody looks at it: an error without a listener ends the process.
    stream.on('error', () => undefined);
    return stream;
  }
  throw new PermanentError('copy() takes a COPY ... TO STDOUT and nothing else', { code: 'COPY' });
}

function isResult(result: unknown): result is Row[] & { count: number | null; command: string | null } {
  return Array.isArray(result);
}
