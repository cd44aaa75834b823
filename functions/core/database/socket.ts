import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { PermanentError } from '../errors.ts';
import { connectionError } from './failure.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: tls.ConnectionOptions | undefined;
}

/** PostgreSQL's SSLRequest: its length, then the code that no protocol version will ever have. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const WILLING = 'S'.charCodeAt(0);

/**
 * A connected socket, inside TLS where asked for. It is opened here rather than in the driver so that one
 * deadline covers every phase, and so that there is something to destroy when the network swallows packets.
 */
export async function openSocket(address: Address, deadline: AbortSignal): Promise<net.Socket> {
  const plain = net.connect({ host: address.host, port: address.port, noDelay: true });
  // An error between two awaits would have no listener and end the process; `close` follows it anyway.
  plain.on('error', () => undefined);
  try {
    await once(plain, 'connect', { signal: deadline });
    return address.tls === undefined ? plain : await secure(plain, address, address.tls, deadline);
  } catch (error) {
    plain.destroy();
    throw deadline.aborted ? timedOut(address) : error;
  }
}

export function timedOut({ host, port }: Address): Error {
  return connectionError('CONNECT_TIMEOUT', `${host}:${port} did not answer in time`);
}

async function secure(
  plain: net.Socket,
  { host }: Address,
  options: tls.ConnectionOptions,
  signal: AbortSignal,
): Promise<net.Socket> {
  plain.write(SSL_REQUEST);
  const [answer] = await Promise.race([
    once(plain, 'data', { signal }),
    once(plain, 'close', { signal }).then(() => {
      throw connectionError('CONNECTION_CLOSED', 'the server closed the connection when asked for TLS');
    }),
  ]);
  // One byte and no more: anything behind it would have been slipped in before the encryption.
  if (!Buffer.isBuffer(answer) || answer.length !== 1 || answer[0] !== WILLING) {
    throw new PermanentError('the server does not offer TLS', { code: 'TLS_REFUSED' });
  }
  // `host` is what the certificate is checked for: without it an IP address would pass with one for localhost.
  const name = net.isIP(host) ? { host } : { host, servername: host };
  const socket = tls.connect({ ...name, ...options, socket: plain });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect', { signal }).catch((cause: unknown) => {
    if (!socket.authorizationError) throw cause;
    throw new PermanentError(`the server's certificate is not trusted: ${socket.authorizationError}`, {
      code: 'TLS_UNTRUSTED',
      cause,
    });
  });
  return socket;
}
