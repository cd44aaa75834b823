import fc from 'fast-check';
import type { Operation, Parameter } from './document.ts';
import type { Wire } from './routers.ts';
import { anyText, goodText, type Seen, type Verdict, verdict } from './values.ts';

/** A parameter as it is sent. */
export interface Given {
  readonly field: string;
  readonly text: string;
  readonly verdict: Verdict;
}

export interface Request {
  readonly operation: Operation;
  readonly given: readonly Given[];
  readonly missing: readonly string[];
  /** A query parameter that is sent twice. */
  readonly repeated: string | undefined;
  readonly wire: Wire;
  /** How a failure shows it. */
  readonly [fc.toStringMethod]: () => string;
}

interface Draft {
  readonly texts: ReadonlyMap<Parameter, string>;
  readonly unknown: string | undefined;
  readonly repeated: boolean;
}

const UNKNOWN = [
  'limit ',
  'Limit',
  'foo',
  'week',
  '__proto__',
  'constructor',
  'toString',
  'limit[]',
  '',
  '\0',
  'ñ',
];

/** Valid values, or some of them replaced by what somebody might try. */
export function requestsTo(operation: Operation, seen: Seen, good: boolean): fc.Arbitrary<Request> {
  const parameters = operation.parameters.filter(({ name }) => name !== 'if-none-match');
  const drafts = good
    ? goodDrafts(parameters, seen)
    : fc.oneof(spoiled(parameters, seen), oneSpoiled(parameters, seen));
  return drafts.map((draft) => requestOf(operation, draft, seen));
}

function goodDrafts(parameters: readonly Parameter[], seen: Seen): fc.Arbitrary<Draft> {
  return fc
    .tuple(
      ...parameters.map((parameter) =>
        parameter.required || parameter.in === 'path'
          ? goodText(parameter, seen)
          : fc.option(goodText(parameter, seen), { freq: 2, nil: undefined }),
      ),
    )
    .map((texts) => ({ texts: textsOf(parameters, texts), unknown: undefined, repeated: false }));
}

/** One value spoiled where all others are good: nothing else stops it. */
function oneSpoiled(parameters: readonly Parameter[], seen: Seen): fc.Arbitrary<Draft> {
  if (parameters.length === 0) return spoiled(parameters, seen);
  return fc
    .record({ draft: goodDrafts(parameters, seen), at: fc.constantFrom(...parameters) })
    .chain(({ draft, at }) =>
      anyText(at).map((text) => ({
        ...draft,
        texts: textsOf(
          parameters,
          parameters.map((each) => (each === at ? text : draft.texts.get(each))),
        ),
      })),
    );
}

/** Values at random; perhaps one too many of a name, a name that is not known, nothing where something must be. */
function spoiled(parameters: readonly Parameter[], seen: Seen): fc.Arbitrary<Draft> {
  const some = (parameter: Parameter) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: anyText(parameter) },
      { weight: 1, arbitrary: goodText(parameter, seen) },
    );
  return fc.record({
    texts: fc.tuple(...parameters.map(some)).map((texts) => textsOf(parameters, texts)),
    unknown: fc.option(fc.constantFrom(...UNKNOWN), { freq: 4, nil: undefined }),
    repeated: fc.boolean(),
  });
}

function textsOf(
  parameters: readonly Parameter[],
  texts: readonly (string | undefined)[],
): ReadonlyMap<Parameter, string> {
  return new Map(
    parameters.flatMap((parameter, index): [Parameter, string][] => {
      const text = texts[index];
      // An empty path segment, or one of dots, is another path.
      if (parameter.in === 'path') return [[parameter, text && !/^\.*$/.test(text) ? text : 'x']];
      return text === undefined || (parameter.name === 'cursor' && text === '') ? [] : [[parameter, text]];
    }),
  );
}

function requestOf(operation: Operation, { texts, unknown, repeated }: Draft, seen: Seen): Request {
  const query = new URLSearchParams();
  let path = operation.path;
  const headers: Record<string, string> = {};
  const given: Given[] = [];
  for (const [parameter, text] of texts) {
    given.push({ field: `${parameter.in}.${parameter.name}`, text, verdict: verdict(parameter, text, seen) });
    if (parameter.in === 'query') query.append(parameter.name, text);
    if (parameter.in === 'header') headers[parameter.name] = text;
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(text));
  }
  const [first] = [...query];
  const twice = repeated && given.length > 2 && first !== undefined;
  if (twice) query.append(...first);
  if (unknown !== undefined) {
    query.append(unknown, '1');
    given.push({ field: `query.${unknown}`, text: '1', verdict: 'invalid' });
  }
  const target = query.size === 0 ? path : `${path}?${query}`;
  return {
    [fc.toStringMethod]: () => `${operation.method} ${target} ${JSON.stringify(headers)}`,
    operation,
    given,
    missing: operation.parameters
      .filter((parameter) => parameter.required && !texts.has(parameter))
      .map((parameter) => `${parameter.in}.${parameter.name}`),
    repeated: twice ? first[0] : undefined,
    wire: {
      method: operation.method,
      target,
      headers,
      body: Buffer.alloc(0),
    },
  };
}
