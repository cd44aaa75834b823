import { plannerHandler } from '../core/planner.ts';
import { cabinetDaily } from './pipeline.ts';

export const handler = plannerHandler(cabinetDaily);
