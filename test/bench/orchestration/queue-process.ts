import { startFauxqs } from 'fauxqs';

/** SQS's protocol in a process of its own, as the service is none of the workers'. Says its port, ends with its parent. */
const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
for (const name of process.argv.slice(2)) server.createQueue(name);
process.once('disconnect', () => void server.stop().finally(() => process.exit(0)));
process.send?.(server.port);
