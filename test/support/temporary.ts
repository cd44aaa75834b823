import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Linux's file system in memory. Elsewhere, and where it is small (a container has 64 MB), the disk does. */
const MEMORY = '/dev/shm';

/** What all test files together were seen to need at once is under 1 GiB. */
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * Temporary files of the tests and of all that they start, in memory where there is room: a copy of the template
 * database is 2,000 files, and making and deleting those on disk was half of what the tests took.
 * @returns what deletes them
 */
export function temporaryInMemory(): () => void {
  if (!existsSync(MEMORY)) return () => {};
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize < ENOUGH_BYTES) return () => {};
  const directory = mkdtempSync(join(MEMORY, 'cuadre-tests-'));
  // PostgreSQL does not run as root: its own user passes through here.
  chmodSync(directory, 0o711);
  process.env['TMPDIR'] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}
