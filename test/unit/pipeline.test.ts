import { describe, expect, test } from 'vitest';
import { graphOf, inOrder, type Pipeline, pipeline, rootsOf } from '../../functions/core/pipeline.ts';

const node = { description: 'd', timeoutSeconds: 10, memoryMb: 128 };

function declare(jobs: Pipeline['jobs']): Pipeline {
  return pipeline({
    name: 'toy-daily',
    domain: 'toy',
    timeZone: 'UTC',
    schedule: { expression: 'rate(1 day)', timeZone: 'UTC' },
    jobs,
  });
}

describe('a pipeline', () => {
  const diamond = declare({
    'toy.d': { ...node, after: ['toy.b', 'toy.c'] },
    'toy.b': { ...node, after: ['toy.a'] },
    'toy.c': { ...node, after: ['toy.a'], input: { limit: 5 } },
    'toy.a': { ...node, after: [] },
  });

  test('orders parents before children', () => {
    expect(inOrder(graphOf(diamond))).toEqual(['toy.a', 'toy.b', 'toy.c', 'toy.d']);
    expect(rootsOf(graphOf(diamond))).toEqual(['toy.a']);
  });

  test('carries into a run what each job comes after, whether it always runs, and its input', () => {
    expect(graphOf(diamond)['toy.c']).toEqual({ after: ['toy.a'], always: false, input: { limit: 5 } });
  });

  test('carries soft dependencies and limits into a run, and orders by both kinds of parents', () => {
    const soft = pipeline({
      ...diamond,
      concurrency: 3,
      jobs: {
        'toy.b': { ...node, after: [], softAfter: [{ job: 'toy.a', maxAgeDays: 2 }], concurrency: 1 },
        'toy.a': { ...node, after: [] },
      },
    });
    expect(inOrder(graphOf(soft))).toEqual(['toy.a', 'toy.b']);
    expect(rootsOf(graphOf(soft))).toEqual(['toy.a']);
    expect(graphOf(soft)).toEqual({
      'toy.b': {
        after: [],
        always: false,
        softAfter: [{ job: 'toy.a', maxAgeDays: 2 }],
        limits: { job: 1, pipeline: 3 },
        input: {},
      },
      'toy.a': { after: [], always: false, limits: { pipeline: 3 }, input: {} },
    });
  });

  test('with a limit below 1 is refused', () => {
    expect(() => pipeline({ ...diamond, concurrency: 0 })).toThrow(
      'the pipeline has concurrency 0: give a whole number of 1 or more, or leave it out for no limit',
    );
  });

  const soft = (job: string, maxAgeDays: number) => ({
    ...node,
    after: [],
    softAfter: [{ job, maxAgeDays }],
  });
  test.each([
    [
      'an unknown soft parent',
      { 'toy.a': soft('toy.x', 1) },
      'toy.a waits for toy.x, which is not one of its jobs',
    ],
    ['itself as soft parent', { 'toy.a': soft('toy.a', 1) }, 'job toy.a waits for itself'],
    [
      'a cycle through a soft parent',
      { 'toy.a': soft('toy.b', 1), 'toy.b': { ...node, after: ['toy.a'] } },
      'the jobs toy.a, toy.b wait for each other',
    ],
    [
      'one parent both ways',
      { 'toy.a': { ...node, after: [] }, 'toy.b': { ...soft('toy.a', 1), after: ['toy.a'] } },
      'job toy.b waits for toy.a twice: name it once, in after or in softAfter',
    ],
    [
      'a parent named twice',
      { 'toy.a': { ...node, after: [] }, 'toy.b': { ...node, after: ['toy.a', 'toy.a'] } },
      'job toy.b waits for toy.a twice',
    ],
    [
      'a soft parent on demand',
      { 'toy.a': { ...node, after: [], onDemand: true }, 'toy.b': soft('toy.a', 1) },
      'job toy.b waits for toy.a, which is on demand',
    ],
    [
      'an age that is no whole number of days',
      { 'toy.a': { ...node, after: [] }, 'toy.b': soft('toy.a', -1) },
      'job toy.b waits for toy.a with maxAgeDays -1: give whole days, 0 or more',
    ],
    [
      'a limit of half a job',
      { 'toy.a': { ...node, after: [], concurrency: 0.5 } },
      'job toy.a has concurrency 0.5: give a whole number of 1 or more',
    ],
    [
      'an unknown parent',
      { 'toy.a': { ...node, after: ['toy.x'] } },
      'job toy.a waits for toy.x, which is not one of its jobs',
    ],
    ['itself as parent', { 'toy.a': { ...node, after: ['toy.a'] } }, 'job toy.a waits for itself'],
    [
      'a cycle',
      { 'toy.a': { ...node, after: ['toy.b'] }, 'toy.b': { ...node, after: ['toy.a'] } },
      'the jobs toy.a, toy.b wait for each other',
    ],
    ['another domain', { 'other.a': { ...node, after: [] } }, 'job other.a must be named toy.<file>'],
    ['no job', {}, 'has no job'],
    [
      'too long a timeout',
      { 'toy.a': { ...node, after: [], timeoutSeconds: 901 } },
      'job toy.a wants 901 s; a Lambda has 900',
    ],
    [
      'too long a description',
      { 'toy.a': { ...node, after: [], description: 'x'.repeat(257) } },
      "longer than Lambda's 256",
    ],
  ])('with %s is refused by name', (_what, jobs, sentence) => {
    expect(() => declare(jobs)).toThrow(sentence);
  });
});
