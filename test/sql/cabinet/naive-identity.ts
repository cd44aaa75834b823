/** The rules of docs/cabinet-leads.md, one lead and one driver at a time: slow, and plain enough to be checked by reading. */
import { targetPark } from '../../support/identity.ts';

export interface NaiveDriver {
  readonly id: string;
  readonly park: string | null;
  readonly name: string;
  readonly phone: string;
  readonly license: string;
  readonly plate: string;
  readonly brand: string;
  readonly model: string;
  readonly hired: string | null;
  /** The person that it is linked to. */
  readonly person: string | null;
}

export interface NaiveKey {
  readonly date: string;
  readonly name: string;
  readonly phone: string;
  readonly license: string;
  readonly plate: string;
  readonly brand: string;
  readonly model: string;
}

export interface NaiveLead extends NaiveKey {
  readonly id: number;
  readonly person: string | null;
}

export interface Registered {
  readonly person: string;
  readonly phone: string;
  readonly license: string;
}

/** `drivers` or the leads' table, the row's key, and the person that it was linked to. */
export interface Undone {
  readonly table: string;
  readonly pk: string;
  readonly person: string;
}

export interface NaiveAnswer {
  readonly rule: string;
  readonly outcome: string;
  readonly driver: string | null;
  readonly score: number;
}

const ORDER = [
  'R1_PHONE_EXACT',
  'R2_LICENSE_EXACT',
  'R3_PLATE_EXACT_NAME_SIMILAR',
  'R3b',
  'R4_CAR_FINGERPRINT_NAME_SIMILAR',
];

const folded = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toUpperCase();
const signs = (text: string) => folded(text).replace(/[^A-Z0-9]/g, '');
const label = (text: string) =>
  folded(text)
    .replace(/[^A-Z0-9 ]/g, '')
    .replace(/ +/g, ' ')
    .trim();
const stopWords = new Set(['DE', 'DEL', 'LA', 'LOS', 'LAS', 'EL', 'Y', 'E']);

function phoneOf(text: string): string {
  const digits = text.replace(/[\s()+-]/g, '');
  const national = digits.length === 11 && digits.startsWith('51') ? digits.slice(2) : digits;
  return national.length < 8 ? '' : national;
}

const licenseOf = (text: string) => (signs(text).startsWith('DRIVERDRAFT') ? '' : signs(text));

/** Null when nothing of the name is left; a name of stop words alone is an empty set. */
function wordsOf(text: string): ReadonlySet<string> | null {
  const name = folded(text)
    .replace(/[^A-Z ]/g, '')
    .trim();
  if (name === '') return null;
  return new Set(name.split(/ +/).filter((word) => !stopWords.has(word)));
}

interface Fraction {
  readonly n: number;
  readonly d: number;
}

/** (i/u + i/m) / 2 */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): Fraction {
  if (a.size === 0 || b.size === 0) return { n: 0, d: 1 };
  const i = [...a].filter((word) => b.has(word)).length;
  const u = new Set([...a, ...b]).size;
  const m = Math.max(a.size, b.size);
  return { n: i * u + i * m, d: 2 * u * m };
}

const days = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;

function hiredWithin(driver: NaiveDriver, date: string, before: number, after: number): boolean {
  if (driver.hired === null) return true;
  const apart = days(driver.hired) - days(date);
  return -before <= apart && apart <= after;
}

function exact(rule: string, score: number, having: readonly NaiveDriver[]): NaiveAnswer {
  const inTarget = having.filter(({ park }) => park === targetPark);
  const elsewhere = having.filter(({ park }) => park !== null && park !== targetPark);
  const scope = inTarget.length > 0 ? inTarget : elsewhere;
  const [first] = scope;
  if (first === undefined) return { rule, outcome: 'NO_CANDIDATES', driver: null, score };
  if (scope.length > 1) return { rule, outcome: 'MULTIPLE_CANDIDATES', driver: null, score };
  return { rule, outcome: 'MATCHED', driver: first.id, score };
}

function similar(
  rule: string,
  score: number | 'similarity',
  words: ReadonlySet<string>,
  candidates: readonly NaiveDriver[],
): NaiveAnswer {
  const ranked = candidates
    .map(({ id, name }) => ({ id, ...similarity(words, wordsOf(name) ?? new Set()) }))
    .sort((a, b) => b.n * a.d - a.n * b.d || (a.id < b.id ? -1 : 1));
  const [best] = ranked;
  if (best === undefined) {
    return { rule, outcome: 'NO_CANDIDATES', driver: null, score: score === 'similarity' ? 0 : score };
  }
  const scored = score === 'similarity' ? Math.floor((100 * best.n) / best.d) : score;
  const passing = ranked.filter(({ n, d }) => 100 * n >= 66 * d);
  const [, second] = passing;
  const answer = (outcome: string, driver: string | null) => ({ rule, outcome, driver, score: scored });
  if (passing.length === 0) return answer('WEAK_MATCH_ONLY', null);
  if (second !== undefined && 20 * (best.n * second.d - second.n * best.d) < 3 * best.d * second.d) {
    return answer('MULTIPLE_CANDIDATES', null);
  }
  return answer('MATCHED', best.id);
}

/** What each rule that applies to a key says, in the order of the rules. */
export function answersOf(key: NaiveKey, drivers: readonly NaiveDriver[]): NaiveAnswer[] {
  const found: NaiveAnswer[] = [];
  const phone = phoneOf(key.phone);
  const license = licenseOf(key.license);
  const plate = signs(key.plate);
  const [brand, model] = [label(key.brand), label(key.model)];
  const words = wordsOf(key.name);
  const inTarget = drivers.filter(({ park }) => park === targetPark);
  if (phone !== '') {
    found.push(
      exact(
        'R1_PHONE_EXACT',
        95,
        drivers.filter((driver) => phoneOf(driver.phone) === phone),
      ),
    );
  }
  if (license !== '') {
    found.push(
      exact(
        'R2_LICENSE_EXACT',
        92,
        drivers.filter((driver) => licenseOf(driver.license) === license),
      ),
    );
  }
  if (plate !== '' && words !== null) {
    const sharing = inTarget.filter((driver) => signs(driver.plate) === plate);
    const inTime = sharing.filter((driver) => hiredWithin(driver, key.date, 90, 30));
    found.push(similar('R3_PLATE_EXACT_NAME_SIMILAR', 85, words, inTime));
    if (inTime.length === 0 && sharing.length > 0) found.push(similar('R3b', 'similarity', words, sharing));
  }
  if (brand !== '' && model !== '' && words !== null) {
    const sharing = inTarget.filter(
      (driver) =>
        label(driver.brand) === brand &&
        label(driver.model) === model &&
        hiredWithin(driver, key.date, 30, 7),
    );
    found.push(similar('R4_CAR_FINGERPRINT_NAME_SIMILAR', 75, words, sharing));
  }
  return found;
}

export interface Verdict {
  readonly lead: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly driver: string | null;
  /** A person's key, or `new <driver>`. */
  readonly person: string | null;
}

interface World {
  readonly drivers: readonly NaiveDriver[];
  readonly registered: readonly Registered[];
  readonly undone: readonly Undone[];
}

const only = <T>(of: readonly T[]): T | undefined => (of.length === 1 ? of[0] : undefined);

/** The person that a driver is known to be, before the run. */
function knownPerson(driver: NaiveDriver, registered: readonly Registered[]): string | null {
  if (driver.person !== null) return driver.person;
  const having = (key: string, of: (registered: Registered) => string) =>
    key === '' ? undefined : only(registered.filter((each) => of(each) === key))?.person;
  return (
    having(phoneOf(driver.phone), ({ phone }) => phoneOf(phone)) ??
    having(licenseOf(driver.license), ({ license }) => licenseOf(license)) ??
    null
  );
}

interface Candidate {
  readonly answer: NaiveAnswer;
  readonly driver: NaiveDriver | undefined;
  readonly outcome: string;
  readonly known: string | null;
  readonly person: string | null;
}

/** The rules' answers for a lead, each with the person behind its driver. */
function candidatesOf(lead: NaiveLead, { drivers, registered }: World): Candidate[] {
  return answersOf(lead, drivers).map((answer) => {
    const driver = drivers.find(({ id }) => id === answer.driver);
    if (driver === undefined) return { answer, driver, outcome: answer.outcome, known: null, person: null };
    const known = knownPerson(driver, registered);
    const person = known ?? lead.person ?? `new ${driver.id}`;
    if (answer.rule !== 'R3b') return { answer, driver, outcome: 'MATCHED', known, person };
    if (lead.person !== null) return { answer, driver, outcome: 'NO_CANDIDATES', known, person };
    return { answer, driver, outcome: driver.person === null ? 'NO_PERSON_KEY' : 'MATCHED', known, person };
  });
}

/** What becomes of each lead; all of them see the same state. */
export function judge(leads: readonly NaiveLead[], world: World): Verdict[] {
  const found = leads.map((lead) => {
    const candidates = candidatesOf(lead, world);
    const matched = candidates.filter(({ outcome }) => outcome === 'MATCHED');
    const torn = new Set(matched.map(({ person }) => person)).size > 1;
    const [best] = matched.toSorted(
      (a, b) =>
        b.answer.score - a.answer.score || ORDER.indexOf(a.answer.rule) - ORDER.indexOf(b.answer.rule),
    );
    return { lead, torn, best: torn ? undefined : best, first: candidates[0]?.outcome ?? 'NO_CANDIDATES' };
  });
  return found.map(({ lead, torn, best, first }) => {
    const unmatched = (reason: string): Verdict => ({
      lead: lead.id,
      outcome: 'UNMATCHED',
      reason,
      rule: best?.answer.rule ?? null,
      driver: best?.driver?.id ?? null,
      person: null,
    });
    if (torn) return unmatched('MULTIPLE_CANDIDATES');
    if (best?.driver === undefined) return unmatched(first);
    const { driver, known, answer } = best;
    const claimants = new Set(
      found.flatMap((other) =>
        other.best?.driver?.id === driver.id && other.lead.person !== null ? [other.lead.person] : [],
      ),
    );
    if (known === null && claimants.size > 1) return unmatched('PERSON_CONFLICT');
    const person = known ?? [...claimants][0] ?? `new ${driver.id}`;
    if (lead.person !== null && lead.person !== person) return unmatched('PERSON_CONFLICT');
    const isUndone = world.undone.some(
      (undone) =>
        undone.person === person &&
        (undone.table === 'drivers' ? undone.pk === driver.id : undone.pk === String(lead.id)),
    );
    if (isUndone) return unmatched('LINK_UNDONE');
    return { lead: lead.id, outcome: 'MATCHED', reason: null, rule: answer.rule, driver: driver.id, person };
  });
}
