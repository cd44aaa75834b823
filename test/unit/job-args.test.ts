import { describe, expect, test } from 'vitest';
import { leadsReconcile } from '../../functions/cabinet/leads-reconcile.ts';
import { jobArgs } from '../../infra/local/cli/job-args.ts';

const requestOf = (...args: string[]) => jobArgs(leadsReconcile, args).request;

describe("a job's flags", () => {
  test.each<[string[], object]>([
    [[], {}],
    [['--repair-events'], { repairEvents: true }],
    [['--repair-events=true'], { repairEvents: true }],
    [['--no-repair-events'], { repairEvents: false }],
    [['--repair-events=false'], { repairEvents: false }],
    [['--no-dry-run', '--only-limbo'], { dryRun: false, onlyLimbo: true }],
    [['--repair-events', '--no-repair-events'], { repairEvents: false }],
    [['--repair-events=false', '--repair-events'], { repairEvents: true }],
    [['--days-back', 'all', '--limit=20'], { daysBack: 'all', limit: 20 }],
  ])('%j are %j', (args, request) => {
    expect(requestOf(...args)).toEqual(request);
    expect(() => leadsReconcile.request(requestOf(...args))).not.toThrow();
  });

  test.each<[string[], RegExp]>([
    [['--repair-events=no'], /repairEvents: must be true or false/],
    [['--repair-events='], /repairEvents: must be true or false/],
    [['--no-limit'], /--no-limit/],
    [['--no-repair-event'], /--no-repair-event/],
    [['--no-no-repair-events'], /--no-no-repair-events/],
    [['--repair-events', 'false'], /'false'/],
    [['--no-output-json'], /--no-output-json/],
  ])('%j are refused by name', (args, message) => {
    expect(() => requestOf(...args)).toThrow(message);
  });
});
