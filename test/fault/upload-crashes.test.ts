import { expect } from 'vitest';
import { datasetNames } from '../../functions/cabinet/uploads/datasets.ts';
import { describeCrashes } from '../support/crash/describe-crashes.ts';
import { ALL } from '../support/crash/sample.ts';
import { uploadNight } from '../support/crash/upload-night.ts';

// The three differ in their columns; all of them in `npm run faults`.
for (const dataset of ALL ? datasetNames : datasetNames.slice(0, 1)) {
  describeCrashes(
    `cabinet.upload-take of ${dataset}`,
    uploadNight(dataset),
    { sample: 1, pairs: 1, allPairs: 50, rescues: ['the message'] },
    ({ points, left }) => {
      const processes = new Set(points.map((point) => point.split(':')[0]));
      expect([...processes].toSorted()).toEqual(['api', 'cabinet.upload-take', 'sweeper']);
      const steps = [
        'before get',
        'after get',
        'before piece',
        'after pieces',
        'after select ops.stage_upload',
      ];
      for (const step of steps)
        expect(points).toContainEqual(expect.stringContaining(`cabinet.upload-take: ${step}`));
      expect(left.get('ops.uploads')).toMatch(/^1 /);
      expect(left.get('ops.upload_rejects')).toMatch(/^[1-9]/);
    },
  );
}
