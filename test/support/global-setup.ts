import type { TestProject } from 'vitest/node';
import { DatabaseServer } from './database-server.ts';
import { temporaryInMemory } from './temporary.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test/support/database.ts asks for databases. */
    databaseServer: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Before the workers are made: they, and what they start, inherit it.
  const remove = temporaryInMemory();
  const server = new DatabaseServer();
  project.provide('databaseServer', await server.start());
  return async () => {
    await server.stop();
    remove();
  };
}
