import { deadLetterHandler } from '../core/dead-letters.ts';
import { cabinetDaily } from './pipeline.ts';

export const handler = deadLetterHandler(cabinetDaily);
