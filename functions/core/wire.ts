import * as z from 'zod';

/** How values are written in answers. */

/** In soles. A decimal string: no amount passes through a float. */
export const money = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ id: 'Money', description: 'Soles, as a decimal string.' });

/** A figure that is not money and must not pass through a float either. */
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ id: 'Decimal', description: 'A number as a decimal string.' });

export const instant = z.iso.datetime({ offset: true });

export const nextCursorAnswer = z
  .string()
  .nullable()
  .describe('What to ask with as cursor for the next page; null when nothing follows.');
