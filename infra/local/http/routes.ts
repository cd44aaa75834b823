export interface Route<T> {
  readonly routeKey: string;
  readonly target: T;
}

export interface Matched<T> extends Route<T> {
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Compiled<T> extends Route<T> {
  /** undefined: any. */
  readonly method: string | undefined;
  readonly segments: readonly string[];
}

/** The routes of an HTTP API: the most specific match wins, a full path before `{proxy+}` before `$default`. */
export function router<T>(
  routes: readonly Route<T>[],
): (method: string, path: string) => Matched<T> | undefined {
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  const compiled = routes
    .filter((route) => route !== fallback)
    .map(compile)
    .sort(bySpecificity);
  return (method, path) => {
    const segments = segmentsOf(path);
    for (const route of compiled) {
      const pathParameters = match(route, method, segments);
      if (pathParameters !== undefined) return { ...route, pathParameters };
    }
    return fallback === undefined ? undefined : { ...fallback, pathParameters: {} };
  };
}

function compile<T>(route: Route<T>): Compiled<T> {
  const [method = '', path = ''] = route.routeKey.split(' ');
  return { ...route, method: method === 'ANY' ? undefined : method, segments: segmentsOf(path) };
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1);
}

/** Static before `{name}` before `{name+}`, from the left; then a method before ANY. */
function bySpecificity<T>(a: Compiled<T>, b: Compiled<T>): number {
  for (let index = 0; index < Math.max(a.segments.length, b.segments.length); index += 1) {
    const difference = rank(a.segments[index]) - rank(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.method === undefined) - Number(b.method === undefined);
}

function rank(segment: string | undefined): number {
  if (segment === undefined) return 3;
  if (segment.endsWith('+}')) return 2;
  return segment.startsWith('{') ? 1 : 0;
}

function match<T>(
  route: Compiled<T>,
  method: string,
  segments: readonly string[],
): Record<string, string> | undefined {
  if (route.method !== undefined && route.method !== method) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of route.segments.entries()) {
    const name = /^\{(.+?)(\+?)\}$/.exec(expected);
    if (name?.[1] !== undefined && name[2] === '+') {
      if (segments.length <= index) return undefined;
      parameters[name[1]] = segments.slice(index).map(decode).join('/');
      return parameters;
    }
    const actual = segments[index];
    if (actual === undefined) return undefined;
    if (name?.[1] !== undefined && actual !== '') parameters[name[1]] = decode(actual);
    else if (decode(actual) !== expected) return undefined;
  }
  return segments.length === route.segments.length ? parameters : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
