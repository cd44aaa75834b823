import * as z from 'zod';
import { inertProperty } from './properties.ts';
import { played } from './types.ts';

/** A function that the deployment runs once what it executes after is there: here at every start. */
export const trigger = played(
  'Custom::Trigger',
  z.strictObject({
    ServiceToken: z.string(),
    HandlerArn: z.string(),
    InvocationType: z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse'),
    Timeout: inertProperty('the function’s own holds'),
    ExecuteOnHandlerChange: inertProperty('it runs at every start'),
  }),
  ({ logicalId }) => ({ ref: logicalId }),
);
