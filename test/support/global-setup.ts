import type { TestProject } from 'vitest/node';
import { DatabaseServer } from './database-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test/support/database.ts asks for databases. */
    databaseServer: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = new DatabaseServer();
  project.provide('databaseServer', await server.start());
  return () => server.stop();
}
