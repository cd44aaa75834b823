/** One JSON line per event, as CloudWatch Logs Insights reads them. Context (run, job, attempt) is bound, not repeated. */
const LEVELS = { debug: 10, info: 20, warn: 30, error: 40 } as const;

export type Level = keyof typeof LEVELS;
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with more context on every line. */
  with(context: Fields): Log;
}

export interface LogOptions {
  readonly level?: Level;
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

export function createLog(options: LogOptions = {}, context: Fields = {}): Log {
  const {
    level = 'info',
    write = (line) => process.stdout.write(`${line}\n`),
    now = () => new Date(),
  } = options;
  const at =
    (lineLevel: Level) =>
    (message: string, fields: Fields = {}) => {
      if (LEVELS[lineLevel] < LEVELS[level]) return;
      write(
        JSON.stringify(
          { time: now().toISOString(), level: lineLevel, message, ...context, ...fields },
          describeErrors,
        ),
      );
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => createLog(options, { ...context, ...more }),
  };
}

function describeErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack,
    ...(value.cause ? { cause: value.cause } : {}),
  };
}
