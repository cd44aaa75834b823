import { execFileSync } from 'node:child_process';

/**
 * The commit that is deployed, as the ledger keeps it with every run; `-dirty` when the working tree differs from
 * it, `dev` where there is no repository.
 */
export function codeVersion(directory: string): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'dev';
  }
}
