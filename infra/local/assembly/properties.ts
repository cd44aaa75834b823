import * as z from 'zod';

/** A property that changes nothing on one machine; the reason goes into the inventory of the start. */
export function inertProperty(reason: string): z.ZodOptional<z.ZodUnknown> {
  return z.unknown().optional().meta({ inert: reason });
}

/** Templates carry numbers and booleans as text where a parameter or an import supplied them. */
export const number = z.coerce.number();
export const whole = z.coerce.number().int();
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);
export const tags = inertProperty('tags label the bill');
export const textMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

/** One line per problem, `Path.To.Property: what is wrong`; a property outside the schema is named. */
export function propertyProblems(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `the property ${[...issue.path, key].join('.')} is not played here`);
    }
    return [`the property ${path}: ${issue.message}`];
  });
}
