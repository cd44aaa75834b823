import { plannerHandler } from '../core/planner-handler.ts';
import { cabinetDaily } from './pipeline.ts';

export const handler = plannerHandler(cabinetDaily);
