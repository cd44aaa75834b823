import { rm } from 'node:fs/promises';
import { alertPublicationJob } from '../../../functions/cabinet/alert-publication.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { loadDataset } from '../../../infra/local/data/load.ts';
import { cabinetJobs } from '../cabinet-jobs.ts';
import { writeDataset } from '../dataset-files.ts';
import { AS_OF, randomDataset } from '../random-dataset.ts';
import type { Setting } from './stopped-nights.ts';

/** Small, and yet every job of the night has something to do, and an alert is told. */
const SIZE = 12;

export const cabinetNight: Setting = {
  pipeline: cabinetDaily,
  asOf: AS_OF,
  async load(admin) {
    const directory = await writeDataset(randomDataset(3, SIZE));
    await loadDataset(admin, directory);
    await rm(directory, { recursive: true });
  },
  /** The cabinet's bodies, with the process between them and SNS. */
  jobs(process, notifier) {
    const publication = alertPublicationJob(() => process.notifier(notifier));
    return cabinetJobs.map((job) => (job.name === publication.name ? publication : job));
  },
};

/** The same when nothing can start the refresh: its message is given up, and the dead letters end what waits for it. */
export const deadLetterNight: Setting = {
  ...cabinetNight,
  outOfOrder: 'cabinet.mv-refresh',
  about: 'dead letters',
};
