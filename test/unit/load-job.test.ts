import { describe, expect, test } from 'vitest';
import { findJob } from '../../functions/api/catalog.ts';
import { jobFigures, jobInputs } from '../../functions/jobs.ts';
import { loadJob, loadJobFile } from '../../functions/load-job.ts';
import { pipelines } from '../../functions/pipelines.ts';

const names = pipelines.flatMap(({ jobs }) => Object.keys(jobs));

describe.each(names)('%s', (name) => {
  test('has a file of its name whose handler does that job, with the input that the file exports', async () => {
    const { input, figures, handler } = await loadJobFile(name);
    expect(handler.job.name).toBe(name);
    expect(await loadJob(name)).toBe(handler.job);
    expect(handler.job.keys.map((key) => key.name)).toEqual([...Object.keys(input.shape), 'asOf', 'dryRun']);
    expect(figures.statement).toMatch(/^functions\//);
  });

  test('is found by those who start it, and its work is not', async () => {
    const { job, pipeline } = findJob(name);
    expect(pipeline.jobs[name]).toBeDefined();
    expect(job).not.toHaveProperty('run');
    expect(job.keys).toEqual((await loadJob(name)).keys);
    expect(() => job.request({ nobodysKey: 1 })).toThrow('nobodysKey: is not a known key');
  });
});

test('every job of every pipeline is known, and no other', () => {
  expect([...jobInputs.keys()]).toEqual(names);
  expect([...jobFigures.keys()]).toEqual(names);
  // Keys that every object has are no jobs.
  for (const name of ['cabinet.nobodys', 'constructor', 'toString']) {
    expect(() => findJob(name)).toThrow(
      expect.objectContaining({
        problems: [{ field: 'job', value: name, rule: `must be one of ${names.join(', ')}` }],
      }),
    );
  }
});

test('a file that lacks one of its exports is refused by its name', async () => {
  await expect(loadJobFile('core.errors')).rejects.toThrow(
    /^functions\/core\/errors\.ts: input must be .*; figures must say .*; handler must be made by jobHandler\(\)$/,
  );
});
