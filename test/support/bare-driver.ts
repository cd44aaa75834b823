/**
 * The control of the fault tests: the same trial on the driver's own `begin`, in a process of its own because it
 * may crash or hang. Arguments: database URL, connections, name of the fault. Prints the verdict as JSON.
 */
import postgres from 'postgres';
import { makeSql } from '../../functions/core/database/statement.ts';
import { connect, type Transaction } from '../../functions/core/database.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { faults } from './transaction-faults.ts';
import { type Subject, trial } from './transaction-trial.ts';

const [url = '', max, name] = process.argv.slice(2);
const fault = faults.find((one) => one.name === name);
if (fault === undefined) throw new Error(`no fault is called ${name}`);

const { hostname, port } = new URL(url);
const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
const driver = postgres(proxy.url(url), { max: Number(max), onnotice: () => undefined });
const admin = connect({ url });

function transactionOf(driver: postgres.TransactionSql): Transaction {
  return Object.assign(handleOf(driver), {
    script: async (text: string) => {
      await driver.unsafe(text);
    },
    copy: async () => {
      throw new Error('no fault has a COPY');
    },
    savepoint: async <T>(body: (sql: Transaction) => Promise<T>) => {
      const values = await driver.savepoint(async (inner) => [await body(transactionOf(inner))] as const);
      return values[0];
    },
  });
}

function handleOf(driver: postgres.ISql) {
  return makeSql(
    async ({ text, parameters }) => {
      const rows = await driver.unsafe(text, [...parameters]);
      return { rows, count: rows.count, command: rows.command };
    },
    (promise) => promise,
  );
}

const subject: Subject = {
  sql: handleOf(driver),
  transaction: async (body) => {
    const values = await driver.begin(async (sql) => [await body(transactionOf(sql))] as const);
    return values[0];
  },
};

// A hang is one of the driver's outcomes: nothing else would ever say so.
setTimeout(() => {
  console.log(JSON.stringify({ hangs: true }));
  process.exit();
}, 5000);
console.log(JSON.stringify(await trial(subject, fault, admin, proxy)));
process.exit();
