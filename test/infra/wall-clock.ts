/** An hour of the wall clock that a zone once skipped or had twice. */
export interface Disturbance {
  /** Local date on which the clock jumped from or to. */
  readonly date: string;
  readonly kind: 'skipped' | 'repeated';
  /** Whole hours concerned, 0 to 23; a jump of half an hour takes its whole hour with it. */
  readonly hours: readonly number[];
}

const HOUR = 3_600_000;

/** Every change of a zone's offset in these years, by the wall clock of the day it happened. */
export function disturbances(zone: string, fromYear: number, toYear: number): Disturbance[] {
  const offset = offsetReader(zone);
  const found: Disturbance[] = [];
  let before = offset(Date.UTC(fromYear, 0, 1));
  for (let day = Date.UTC(fromYear, 0, 1); day < Date.UTC(toYear + 1, 0, 1); day += 24 * HOUR) {
    const after = offset(day + 24 * HOUR);
    if (after === before) continue;
    const instant = firstWith(offset, after, day, day + 24 * HOUR);
    const [from, to] = [instant + Math.min(before, after), instant + Math.max(before, after)];
    const hours: number[] = [];
    for (let at = Math.floor(from / HOUR) * HOUR; at < to; at += HOUR) hours.push(new Date(at).getUTCHours());
    found.push({
      date: new Date(from).toISOString().slice(0, 10),
      kind: after > before ? 'skipped' : 'repeated',
      hours,
    });
    before = after;
  }
  return found;
}

/** Hours in which a schedule fires, from AWS's dialect: `cron(0/5 2-4 * * ? *)` -> 2, 3, 4. A rate has none. */
export function hoursOf(expression: string): number[] {
  const field = /^cron\(\S+ (\S+) /.exec(expression)?.[1];
  if (field === undefined) return [];
  return field.split(',').flatMap((part) => {
    const [, first = '*', last, step] = /^(\*|\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const from = first === '*' ? 0 : Number(first);
    const to = last === undefined ? (first === '*' || step !== undefined ? 23 : from) : Number(last);
    const all = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return all.filter((hour) => (hour - from) % Number(step ?? 1) === 0);
  });
}

/** Milliseconds that the zone is ahead of UTC at an instant. */
function offsetReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return (instant) => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * 60_000);
  };
}

/** First instant, to the minute, at which the offset is `wanted`; it is not at `low` and is at `high`. */
function firstWith(offset: (instant: number) => number, wanted: number, low: number, high: number): number {
  let [without, with_] = [low, high];
  while (with_ - without > 60_000) {
    const middle = Math.floor((without + with_) / 120_000) * 60_000;
    if (offset(middle) === wanted) with_ = middle;
    else without = middle;
  }
  return with_;
}
