import * as z from 'zod';
import { parse } from './input.ts';

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const shared = {
  CODE_VERSION: z.string().min(1).default('dev'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};

const byUrl = z.object({ ...shared, DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) });

const byParts = z.object({
  ...shared,
  DB_HOST: z.string().min(1),
  DB_PORT: z.coerce.number().int().min(1).max(65_535).default(5432),
  DB_NAME: z.string().min(1),
  DB_USER: z.string().min(1),
  DB_AUTH: z.enum(['iam', 'secret']),
  DB_SECRET_ARN: z.string().min(1).optional(),
  DB_PREPARE: z.stringbool().default(true),
});

const worker = z.object({
  /** Job name -> queue URL, for the jobs that this function may queue. */
  QUEUES: json.pipe(z.record(z.string(), z.url())).default({}),
  FUNCTION_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(900).default(900),
  /** The queue's maxReceiveCount: the attempt of this number is the last. */
  MAX_RECEIVES: z.coerce.number().int().min(1).max(1000).default(5),
  /** Schedule that the sweeper switches on and off; only the sweeper has it. */
  SWEEP_SCHEDULE: z.string().min(1).optional(),
  /** Where files go that are too large for an answer; only the functions that read or write them have it. */
  FILES_BUCKET: z.string().min(3).optional(),
  /** Rows that one answer may hold as CSV; an export of more goes through a file, as one of more than 6 MB does. */
  EXPORT_MAX_ROWS: z.coerce.number().int().min(1).default(200_000),
  /** Rows that one file may hold: what can be written in the time that the gateway gives. */
  EXPORT_FILE_MAX_ROWS: z.coerce.number().int().min(1).default(2_000_000),
  /** Through which people are told of alerts; only where that is the function's work. */
  ALERT_TOPIC_ARN: z
    .string()
    .regex(/^arn:[^:]+:sns:/, 'must be the ARN of an SNS topic')
    .optional(),
});

export type DatabaseConfig = z.infer<typeof byUrl> | z.infer<typeof byParts>;
export type WorkerConfig = z.infer<typeof worker>;

/**
 * The environment, read once and checked as a whole: every missing or malformed variable is named together.
 * Unknown variables are the platform's business and ignored.
 */
export function databaseConfig(env: NodeJS.ProcessEnv): DatabaseConfig {
  return env['DATABASE_URL'] === undefined
    ? parse(byParts, env, 'environment')
    : parse(byUrl, env, 'environment');
}

export function workerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  return parse(worker, env, 'environment');
}
