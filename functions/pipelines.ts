import { cabinetDaily } from './cabinet/pipeline.ts';
import type { Pipeline } from './core/pipeline.ts';

/** Every pipeline of the product: the CDK app deploys them, the API and the CLI start them. A new one is one line here. */
export const pipelines: readonly Pipeline[] = [cabinetDaily];
