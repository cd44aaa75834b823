import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { loadJobs } from '../../functions/load-job.ts';

/** The cabinet's jobs with their work, in the order of the pipeline's declaration. */
export const cabinetJobs = await loadJobs(cabinetDaily);
