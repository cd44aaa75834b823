/** The product's side, a process of its own: the Lambda handler of the collection screens behind the adapter. */
import { handler } from '../../../functions/api/collections.ts';
import { context, listen } from './adapter.ts';

process.once('disconnect', () => process.exit(0));
const port = await listen((event) => handler(event, context));
process.send?.({ port });
