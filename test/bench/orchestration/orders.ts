import * as z from 'zod';

/** What a worker's process is started with. */
export const setup = z.strictObject({
  url: z.url(),
  /** Queue's name, as QUEUES has it -> URL. */
  queues: z.record(z.string(), z.url()),
  tasks: z.int(),
});
export type Setup = z.output<typeof setup>;

/** What Lambda would be asked: to have the planner start a run, or to work a message. */
export const order = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('plan'), id: z.int(), asOf: z.iso.date() }),
  z.strictObject({
    kind: z.literal('work'),
    id: z.int(),
    job: z.string(),
    messageId: z.string(),
    receiptHandle: z.string(),
    body: z.string(),
    receives: z.int(),
  }),
]);
export type Order = z.output<typeof order>;

export const done = z.strictObject({ id: z.int(), error: z.string().nullable() });
