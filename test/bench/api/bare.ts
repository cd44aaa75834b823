/**
 * The bare side, a process of its own: one connection of the same driver, the statement that the product's endpoint
 * sends for the same request with the same parameters, and its row as JSON. It checks nothing, knows no rights, no
 * conditions and no errors.
 */
import postgres from 'postgres';
import { listen } from './adapter.ts';
import { recordStatements } from './statements.ts';

const [url = '', ...paths] = process.argv.slice(2);
process.once('disconnect', () => process.exit(0));
const statements = await recordStatements(url, paths);
const sql = postgres(url, { max: 1 });
const headers = { 'content-type': 'application/json; charset=utf-8' };
const port = await listen(async ({ rawPath, rawQueryString }) => {
  const statement = statements.get(rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`);
  if (statement === undefined) return { statusCode: 404 };
  const [row] = await sql.unsafe(statement.text, [...statement.parameters], { prepare: true });
  return { statusCode: 200, headers, body: JSON.stringify(row) };
});
process.send?.({ port });
