import type { Database } from '../../functions/core/database.ts';
import type { Services } from '../../functions/core/execute.ts';
import type { TestDatabase } from './database.ts';
import { createEffects, services } from './toy.ts';

export interface ToyWorld {
  readonly admin: Database;
  /** A person's session. */
  readonly operator: Database;
  /** A worker's two. */
  readonly to: Services;
}

/** The toy pipeline's surroundings in a database of its own: asked for in beforeAll, once. */
export async function toyWorld(database: TestDatabase): Promise<ToyWorld> {
  const { admin } = database;
  await createEffects(admin);
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  return { admin, operator: database.connect('cuadre_operator'), to };
}
