/** What a person does first in the console: test a function with `{}`. It answers, and nothing changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { connect } from '../../functions/core/database.ts';
import { load, startLocalStack } from '../../infra/local/cli/local-stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { assemblyFor } from '../infra/assembly.ts';
import { goldenDirectory } from '../support/database.ts';
import { synthesized } from '../support/night.ts';
import { ledger } from '../support/relations.ts';

const properties = z.object({ FunctionName: z.string() });

/** Every function of the templates but CDK's own, which runs the migrations at a deployment. */
const names = assemblyFor('default')
  .ofType('AWS::Lambda::Function')
  .flatMap((found) => properties.safeParse(found.properties).data?.FunctionName ?? []);

let stack: Stack;
let remove: () => Promise<void>;
beforeAll(async () => {
  const made = await synthesized();
  remove = made.remove;
  stack = await startLocalStack({ assembly: made.assembly, paused: true });
  await load(stack, goldenDirectory);
});
afterAll(async () => {
  await stack?.stop();
  await remove?.();
});

const row = z.strictObject({ name: z.string(), digest: z.string().nullable() });

/** Of every table of ours but those in which a run tells of itself: a dry run is in the ledger too. */
async function digests(): Promise<ReadonlyMap<string, string | null>> {
  const database = connect({ url: stack.databaseAs('postgres'), applicationName: 'test' });
  try {
    return await database.transaction(async (sql) => {
      await sql.script(`
        create temporary table told (name text, digest text) on commit drop;
        do $$ declare t record; begin
          for t in select format('%I.%I', schemaname, tablename) as name from pg_tables
                   where schemaname in ('public', 'canon', 'observational', 'ops') loop
            execute format('insert into told select %L, md5(string_agg(md5(x::text), '''' order by md5(x::text))) from %s x', t.name, t.name);
          end loop;
        end $$`);
      const rows = await sql(row)`select name, digest from told`;
      const kept = rows.filter(({ name }) => ledger[name] === undefined);
      return new Map(kept.map(({ name, digest }) => [name, digest]));
    });
  } finally {
    await database.close();
  }
}

const migration = z.strictObject({ number: z.int(), name: z.string() });

/** As if the newest file had come with this code: that one, and the one before, at which the database now stands. */
async function forgetLastMigration() {
  const database = connect({ url: stack.databaseAs('postgres'), applicationName: 'test' });
  try {
    const [last, standing] = await database.sql(migration)`
      select number, name from ops.schema_migrations order by number desc limit 2`;
    await database.sql`delete from ops.schema_migrations where number = ${last?.number ?? null}`;
    return { last, standing };
  } finally {
    await database.close();
  }
}

/** What is of use: what would be done, what there is, or what can be asked for. */
function told(name: string): z.ZodType {
  if (name.startsWith('cuadre-api-')) {
    const answers = z.object({ answers: z.array(z.string().regex(/^(GET|POST) \//)).min(1) });
    return z.object({
      statusCode: z.literal(200),
      body: z.string().transform((text) => answers.parse(JSON.parse(text))),
    });
  }
  return (
    OTHERS[name] ??
    z.object({ status: z.literal('succeeded'), dry_run: z.literal(true), report: z.looseObject({}) })
  );
}

const OTHERS: Readonly<Record<string, z.ZodType>> = {
  'cuadre-migrate': z.object({ migrations: z.tuple([]), version: z.int(), dryRun: z.literal(true) }),
  'cuadre-alert-probes': z.object({ sent: z.int(), arrived: z.int() }),
  'cuadre-cabinet-planner': z.object({ runId: z.uuid(), dryRun: z.literal(true) }),
  'cuadre-cabinet-dead-letters': z.object({ recorded: z.array(z.unknown()) }),
  'cuadre-audit-seal': z.object({
    entries: z.int().min(1),
    by_source: z.looseObject({}),
    dryRun: z.literal(true),
  }),
  'cuadre-sweeper': z.object({ active: z.int(), dryRun: z.literal(true) }),
};

describe('{} from the console', () => {
  test('is tried on every function', () => {
    expect(names.length).toBeGreaterThan(20);
    expect([...stack.functions.keys()].filter((name) => name.startsWith('cuadre-')).toSorted()).toEqual(
      names.toSorted(),
    );
  });

  test.each(names)('%s answers something useful and changes nothing', async (name) => {
    const before = await digests();
    const { result, error } = await stack.invoke(name, {});
    expect(await digests()).toEqual(before);
    // It has to be told of a file: what it says instead names the key.
    if (name === 'cuadre-cabinet-upload-take') {
      expect(error).toMatchObject({
        errorType: 'InputError',
        errorMessage: expect.stringContaining('uploadId'),
      });
      return;
    }
    expect(error).toBeUndefined();
    expect(told(name).safeParse(result).error, JSON.stringify(result)).toBeUndefined();
  });

  test('on a database that is one migration behind, the migrations say which, and leave it there', async () => {
    const { last, standing } = await forgetLastMigration();
    const before = await digests();
    const { result, error } = await stack.invoke('cuadre-migrate', {});
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ migrations: [last?.name], version: standing?.number, dryRun: true });
    expect(await digests()).toEqual(before);
  });
});
