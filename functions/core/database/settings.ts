import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { InputError, type Problem } from '../errors.ts';
import type { ConnectOptions, PasswordSource } from './types.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  readonly password: PasswordSource;
  readonly max: number;
  readonly prepare: boolean;
  readonly applicationName: string;
  readonly idleSeconds: number;
  readonly connectSeconds: number;
  readonly statementSeconds: number;
  readonly tls: TlsOptions | undefined;
  readonly onNotice: (notice: Readonly<Record<string, string>>) => void;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** Defaults and the URL resolved; what is missing or wrong is an InputError that lists all of it. */
export function settingsOf(options: ConnectOptions): Settings {
  const address = options.url === undefined ? {} : parseUrl(options.url);
  const {
    host,
    port = 5432,
    database,
    user,
    password,
    sslmode,
    applicationName,
  } = {
    ...address,
    ...withoutUndefined(options),
  };
  if (host === undefined || database === undefined) {
    throw new InputError(
      Object.entries({ host, database })
        .filter(([, value]) => value === undefined)
        .map(([field]) => ({ field, value: undefined, rule: 'is needed to connect to PostgreSQL' })),
    );
  }
  const secret = password ?? '';
  return {
    host,
    port,
    database,
    user,
    password: typeof secret === 'function' ? secret : async () => secret,
    max: options.max ?? 1,
    prepare: options.prepare ?? true,
    applicationName: applicationName ?? 'cuadre',
    // Shorter than the 350 s after which AWS's networks forget a silent connection.
    idleSeconds: options.idleTimeoutSeconds ?? 60,
    connectSeconds: options.connectTimeoutSeconds ?? 5,
    statementSeconds: options.statementTimeoutSeconds ?? 0,
    tls: tlsOf(options.tls ?? (sslmode === undefined ? undefined : sslmode !== 'disable'), host),
    onNotice: options.onNotice ?? (() => undefined),
  };
}

function tlsOf(tls: boolean | TlsOptions | undefined, host: string): TlsOptions | undefined {
  if (typeof tls === 'object') return tls;
  return (tls ?? !LOOPBACK.has(host)) ? {} : undefined;
}

function parseUrl(text: string) {
  if (!URL.canParse(text)) {
    throw new InputError([urlProblem('is not a URL, e.g. postgres://user@host:5432/database')]);
  }
  const url = new URL(text);
  const problems = [
    ...(/^postgres(ql)?:$/.test(url.protocol) ? [] : [urlProblem('must begin with postgres://')]),
    ...[...url.searchParams.keys()]
      .filter((key) => key !== 'sslmode' && key !== 'application_name')
      .map((key) => urlProblem(`has an unknown parameter ${key}; known: sslmode, application_name`)),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return withoutUndefined({
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost',
    port: url.port === '' ? undefined : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)) || undefined,
    user: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    sslmode: url.searchParams.get('sslmode') ?? undefined,
    applicationName: url.searchParams.get('application_name') ?? undefined,
  });
}

/** Never shows the URL itself: it may hold a password. */
function urlProblem(rule: string): Problem {
  return { field: 'database URL', value: undefined, rule };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  const defined: Defined<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) Object.assign(defined, { [key]: value });
  }
  return defined;
}
