import * as z from 'zod';
import { PermanentError } from '../../../../functions/core/errors.ts';
import type { Figures, Probe } from './probes.ts';

export interface Asked {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  /** Faster than people notice: told, and no verdict. */
  readonly within_300_ms: boolean;
  /** Why the answer is not what it has to be; null when it is. */
  readonly problem: string | null;
  readonly figures: Figures;
}

/** Asks one endpoint as its users do. @throws PermanentError when nobody answers */
export async function ask(baseUrl: string, { name, endpoint, query, figures }: Probe): Promise<Asked> {
  const path = `${endpoint.route}?${query}`;
  const began = performance.now();
  const { status, text } = await get(new URL(path, baseUrl));
  const milliseconds = Math.round(performance.now() - began);
  const asked = { name, path, status, milliseconds, within_300_ms: milliseconds < 300 };
  if (status !== 200) return { ...asked, problem: `answered ${status}: ${text.slice(0, 200)}`, figures: {} };
  try {
    const body: unknown = JSON.parse(text);
    if (endpoint.answer instanceof z.ZodType) endpoint.answer.parse(body);
    return { ...asked, problem: null, figures: figures(body) };
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? `not of its shape: ${z.prettifyError(error)}`
        : `no JSON: ${String(error)}`;
    return { ...asked, problem, figures: {} };
  }
}

async function get(url: URL): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new PermanentError(`${url.origin} does not answer: ${String(error)}`, {
      code: 'NO_API',
      cause: error,
    });
  }
}
