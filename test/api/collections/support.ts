import { createHash } from 'node:crypto';
import { beforeAll, expect } from 'vitest';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import type { Endpoint } from '../../../functions/core/http.ts';
import type { Environment } from '../../../functions/core/services.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { type Answer, call, environmentOf } from '../../support/http.ts';
import { type Ran, runJob } from '../../support/run-job.ts';

export const asOf = '2026-01-13';

export interface Screens {
  readonly database: TestDatabase;
  readonly reader: Environment;
  /** The refresh that the screens are as of. */
  readonly refreshed: Ran;
}

/** The golden data after a night, as the API's reader sees it. */
export function goldenScreens(): () => Screens {
  const database = testDatabase({ golden: true });
  let screens: Screens | undefined;
  beforeAll(async () => {
    await runJob(database, paymentsIngest, { asOf });
    await runJob(database, tripsLoad, { asOf });
    await runJob(database, claimsReconcile, { asOf, limit: 100 });
    const refreshed = await runJob(database, mvRefresh, { asOf });
    screens = { database, reader: environmentOf(database, 'cuadre_reader'), refreshed };
  });
  return () => {
    if (screens === undefined) throw new Error('the screens exist from the first beforeAll on');
    return screens;
  };
}

export async function expectRefused(
  endpoint: Endpoint,
  reader: Environment,
  query: Record<string, string>,
  field: string,
): Promise<void> {
  const { status, body } = await call(endpoint, reader, { query });
  expect([status, body]).toEqual([
    400,
    expect.objectContaining({
      problems: [{ field: `query.${field}`, value: query[field], rule: expect.any(String) }],
    }),
  ]);
}

/** Records of an export, header first; the headers must hold for the body. */
export function records({ headers, body }: Answer): string[][] {
  const text = String(body);
  expect(text.startsWith('\uFEFF')).toBe(true);
  expect(headers['content-digest']).toBe(`sha-256=:${createHash('sha256').update(text).digest('base64')}:`);
  expect(text.endsWith('\r\n')).toBe(true);
  const lines = text.slice(1, -2).split('\r\n');
  expect(headers['x-row-count']).toBe(String(lines.length - 1));
  return lines.map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
}
