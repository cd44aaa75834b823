import { InputError } from '../core/errors.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { pipelines } from '../pipelines.ts';

/** By name, without the bodies of its jobs. @throws InputError naming those that there are */
export function findPipeline(name: string): Pipeline {
  const found = pipelines.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw new InputError([
    {
      field: 'pipeline',
      value: name,
      rule: `must be one of ${pipelines.map((each) => each.name).join(', ')}`,
    },
  ]);
}
