import * as z from 'zod';
import type { HttpEvent } from '../core/http.ts';

/** Who called, as the authorizer says: an IAM principal or a token's subject. */
export function callerOf(event: HttpEvent): string {
  const authorizer: unknown = Reflect.get(event.requestContext, 'authorizer');
  const caller = z
    .object({
      iam: z.object({ userArn: z.string() }).optional(),
      jwt: z.object({ claims: z.object({ sub: z.string() }) }).optional(),
    })
    .safeParse(authorizer);
  return caller.data?.iam?.userArn ?? caller.data?.jwt?.claims.sub ?? 'unknown';
}
