/** `npm run bench -- <name> [options]`. Exit codes: 0 measured, 2 failed or refused; a number is never a failure. */
import { CuadreError } from '../../functions/core/errors.ts';

interface Bench {
  readonly about: string;
  readonly load: () => Promise<{ readonly bench: (args: readonly string[]) => Promise<void> }>;
}

const benches: Readonly<Record<string, Bench>> = {
  claims: {
    about: 'the claims job against the same SQL on a bare connection, and against a loop over the gaps',
    load: () => import('./claims/bench.ts'),
  },
  mv: {
    about: "the refresh of the collection screens' views by its job against the queries of those views",
    load: () => import('./mv/bench.ts'),
  },
  api: {
    about: "the collection screens' endpoints against a bare HTTP server that runs the same SQL",
    load: () => import('./api/bench.ts'),
  },
  audit: {
    about: 'the audit trail sealed and walked, against a digest of each row and no more',
    load: () => import('./audit/bench.ts'),
  },
  leads: {
    about: 'the leads job: time, precision and recall, leads against as many drivers',
    load: () => import('./leads/bench.ts'),
  },
  orchestration: {
    about: 'what a task costs: time, dispatch and completions, beside begin, insert, update, commit',
    load: () => import('./orchestration/bench.ts'),
  },
};

async function main([name, ...args]: readonly string[]): Promise<void> {
  const found = benches[name ?? ''];
  if (found === undefined) {
    const said = name === undefined ? 'which benchmark?' : `there is no benchmark ${name};`;
    const known = Object.entries(benches).map(([each, { about }]) => `  ${each}  ${about}`);
    console.error([`${said} npm run bench -- <name>, one of`, ...known].join('\n'));
    process.exitCode = 2;
    return;
  }
  try {
    const { bench } = await found.load();
    await bench(args);
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 2;
  }
}

/** A sentence for what is the user's to mend; the whole stack for what is ours. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const usage = 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS_');
  return `error: ${error instanceof CuadreError || usage ? error.message : (error.stack ?? error.message)}`;
}

await main(process.argv.slice(2));
