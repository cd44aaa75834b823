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

  test.each([
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
