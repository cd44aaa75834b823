import * as z from 'zod';
import type { Gate } from '../iam/gate.ts';

const form = z.object({ Action: z.string(), TopicArn: z.string().optional() });

/** SNS still speaks the protocol of forms. Its refusal as AWS writes it; undefined when the call is allowed. */
export function refusedPublication(
  gate: Gate,
  authorization: string | undefined,
  body: unknown,
): { readonly status: number; readonly body: string } | undefined {
  const call = form.safeParse(body);
  if (!call.success) return undefined;
  const { Action, TopicArn = '*' } = call.data;
  const message = gate(authorization, `sns:${Action.replace(/Batch$/, '')}`, TopicArn);
  if (message === undefined) return undefined;
  return {
    status: 403,
    body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>${message}</Message></Error></ErrorResponse>`,
  };
}
