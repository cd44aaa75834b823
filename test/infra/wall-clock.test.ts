import { describe, expect, it } from 'vitest';
import { disturbances, hoursOf } from './wall-clock.ts';

describe('the wall clock', () => {
  it('finds what a zone’s changes do to its hours', () => {
    // Chile in 2024: back from 24:00 to 23:00 on 6 April, forward from 00:00 to 01:00 on 8 September.
    expect(disturbances('America/Santiago', 2024, 2024)).toEqual([
      { date: '2024-04-06', kind: 'repeated', hours: [23] },
      { date: '2024-09-08', kind: 'skipped', hours: [0] },
    ]);
    // Half an hour, on Lord Howe Island.
    expect(disturbances('Australia/Lord_Howe', 2024, 2024)).toEqual([
      { date: '2024-04-07', kind: 'repeated', hours: [1] },
      { date: '2024-10-06', kind: 'skipped', hours: [2] },
    ]);
    expect(disturbances('America/Lima', 2000, 2040)).toEqual([]);
  });

  it('reads the hours of a schedule', () => {
    expect(hoursOf('cron(0 2 * * ? *)')).toEqual([2]);
    expect(hoursOf('cron(0/5 2-4 * * ? *)')).toEqual([2, 3, 4]);
    expect(hoursOf('cron(0 0/8,23 * * ? *)')).toEqual([0, 8, 16, 23]);
    expect(hoursOf('cron(30 * * * ? *)')).toHaveLength(24);
    expect(hoursOf('rate(1 hour)')).toEqual([]);
  });
});
