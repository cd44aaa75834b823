/** Whoever is woken by an alarm or finds a code finds a heading for it, and under it a command. */
import { describe, expect, test } from 'vitest';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { assemblyFor } from '../infra/assembly.ts';
import { filesBelow, page } from '../support/docs.ts';
import { alarmOf } from '../support/job-table.ts';
import { type Entry, entries, leadsToCommand } from '../support/runbook.ts';

const all = entries();
const sorted = (values: Iterable<string>) => [...new Set(values)].toSorted();
const isAlarm = (name: string) => name.startsWith('cuadre-');
const isSqlstate = (name: string) => /^\d/.test(name);
const codesOf = ({ headed, listed }: Entry) =>
  [...headed, ...listed].filter((name) => !isAlarm(name) && !isSqlstate(name));

/** Where an error code, a dead letter's reason or an SQLSTATE of our own is made. CU000 never leaves the function that raises it. */
const CODE =
  /\bcode: '([A-Z0-9_]+)'|\breason: '([A-Z_]+)'|'code', '([A-Z_]+)'|"code": "([A-Z_]+)"|errcode = '(CU(?!000)\d+)'|Error\(\s*'([A-Z]+_[A-Z]+)'|: '([A-Z]+_[A-Z]+)';/g;

const made = [
  ...['core', 'api', 'cabinet'].flatMap((folder) => filesBelow(`functions/${folder}`, '.ts')),
  ...filesBelow('sql/core', '.sql'),
].flatMap((path) =>
  [...page(path).text.matchAll(CODE)].map((match) => ({ path, code: match.slice(1).find(Boolean) ?? '' })),
);

describe('the runbook', () => {
  test('has a heading for each alarm of the templates, and for no other', () => {
    const alarms = ['default', 'aurora with jwt'] as const;
    const raised = alarms.flatMap((name) =>
      assemblyFor(name)
        .ofType('AWS::CloudWatch::Alarm')
        .map(({ properties }) => String(properties['AlarmName'])),
    );
    const headed = all
      .flatMap((entry) => entry.headed.filter(isAlarm))
      .flatMap((heading, _place, those) =>
        ofEachJob(heading).filter((name) => name === heading || !those.includes(name)),
      );
    expect(raised.length).toBeGreaterThan(20);
    expect(sorted(headed)).toEqual(sorted(raised));
    expect(headed).toHaveLength(sorted(headed).length);
  });

  /** `cuadre-cabinet-<job>-errors` stands for those of all jobs that have no heading of their own. */
  function ofEachJob(heading: string): string[] {
    const [, what] = /^cuadre-cabinet-<job>-(errors|dlq-waiting)$/.exec(heading) ?? [];
    if (what !== 'errors' && what !== 'dlq-waiting') return [heading];
    return Object.keys(cabinetDaily.jobs).map((job) => alarmOf(job, what));
  }

  test('explains each error code of the functions and of the ledger, and no other', () => {
    expect(made.length).toBeGreaterThan(100);
    expect(sorted(all.flatMap(codesOf))).toEqual(sorted(made.map(({ code }) => code)));
  });

  /** What answers a request: what only these refuse has failed no run. */
  const ANSWERING = /^functions\/(?:api\/|core\/(?:backfill|redrive|operations|ledger|errors|csv-file)\.ts$)/;
  /** A deployment's own, before any function is there to fail. */
  const MIGRATING = /^functions\/core\/migrations\//;

  test('has each code that can fail a run in a heading of its own or of its kind', () => {
    const headed = new Set(all.flatMap((entry) => entry.headed));
    const failing = made.filter(({ path }) => !ANSWERING.test(path) && !MIGRATING.test(path));
    expect(sorted(failing.map(({ code }) => code)).length).toBeGreaterThan(50);
    expect(failing.filter(({ code }) => !headed.has(code))).toEqual([]);
  });

  test('names nothing in two headings', () => {
    const headed = all.flatMap((entry) => entry.headed);
    expect(headed.filter((name, place) => headed.indexOf(name) !== place)).toEqual([]);
  });

  test.each(all.filter((entry) => entry.headed.length + entry.listed.length > 0))(
    'gives a command under “$part.text”',
    ({ part }) => {
      expect(leadsToCommand(part)).toBe(true);
    },
  );

  test('would not take a heading without one, or a link to a heading without one, for a command', () => {
    const part = { level: 3, text: '`X`', anchor: 'x' };
    const saying = (text: string) => leadsToCommand({ ...part, own: { path: 'docs/operate.md', text } });
    expect(saying('Mend it.')).toBe(false);
    expect(saying('```sql\nselect 1;\n```')).toBe(false);
    expect(saying("```sh\necho '{}' > in.json\n```")).toBe(false);
    expect(saying('See [error codes](#error-codes) and [AWS](https://aws.amazon.com/#x).')).toBe(false);
    expect(saying('As [above](#sweep-by-hand).')).toBe(true);
    expect(saying('```sh\nnpm run ops -- sweep --go\n```')).toBe(true);
  });
});
