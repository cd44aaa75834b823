import * as z from 'zod';
import { propertyProblems } from '../assembly/properties.ts';
import { messageOf } from '../errors.ts';
import type { Gate } from '../iam/gate.ts';
import type { Answer, Request } from '../server.ts';
import type { ScheduleEntry, Schedules } from './schedules.ts';
import { schedule } from './types.ts';

/** Of EventBridge Scheduler's API: what a pause and a look need. */
export class SchedulerApi {
  readonly #schedules: Schedules;
  readonly #gate: Gate;

  constructor(schedules: Schedules, gate: Gate) {
    this.#schedules = schedules;
    this.#gate = gate;
  }

  serves({ url }: Request): boolean {
    return /^\/schedules(\/|$)/.test(url.pathname);
  }

  answer(request: Request): Answer {
    const { method, url } = request;
    const [, name] = /^\/schedules\/([^/]+)$/.exec(url.pathname) ?? [];
    if (method === 'GET' && url.pathname === '/schedules') {
      return this.#allowed(request, 'ListSchedules', '*') ?? this.#list(url.searchParams);
    }
    if (name === undefined || (method !== 'GET' && method !== 'PUT')) {
      const what = `${method} ${url.pathname}`;
      return refuse(
        501,
        'NotImplemented',
        `${what} is not played here: only ListSchedules, GetSchedule, UpdateSchedule`,
      );
    }
    const entry = this.#schedules.get(decodeURIComponent(name));
    if (entry === undefined) {
      return refuse(404, 'ResourceNotFoundException', `Schedule ${decodeURIComponent(name)} does not exist.`);
    }
    return method === 'GET'
      ? (this.#allowed(request, 'GetSchedule', entry.arn) ?? document(describe(entry)))
      : (this.#allowed(request, 'UpdateSchedule', entry.arn) ?? this.#update(entry, request));
  }

  #list(query: URLSearchParams): Answer {
    const group = query.get('ScheduleGroup');
    const state = query.get('State');
    const found = this.#schedules.all
      .filter(({ name }) => name.startsWith(query.get('NamePrefix') ?? ''))
      .filter(({ properties }) => (group ?? properties.GroupName) === properties.GroupName)
      .filter(({ properties }) => (state ?? properties.State) === properties.State);
    return document({
      Schedules: found.map((entry) => {
        const { Arn, Name, GroupName, State, CreationDate, LastModificationDate, Target } = describe(entry);
        return {
          Arn,
          Name,
          GroupName,
          State,
          CreationDate,
          LastModificationDate,
          Target: { Arn: Target.Arn },
        };
      }),
    });
  }

  /** Replaces everything: what the request leaves out has its default again, as in the service. */
  #update(entry: ScheduleEntry, request: Request): Answer {
    const body = updateBody.safeParse(readJson(request.body));
    if (!body.success) return refuse(400, 'ValidationException', propertyProblems(body.error).join('; '));
    const { ClientToken: _token, ...given } = body.data;
    const parsed = schedule.properties.safeParse({ ...given, Name: entry.name });
    if (!parsed.success) return refuse(400, 'ValidationException', propertyProblems(parsed.error).join('; '));
    const passed = this.#gate(request.headers['authorization'], 'iam:PassRole', parsed.data.Target.RoleArn);
    if (passed !== undefined) return refuse(403, 'AccessDeniedException', passed);
    try {
      this.#schedules.replace(entry, parsed.data);
    } catch (error) {
      return refuse(400, 'ValidationException', messageOf(error));
    }
    return document({ ScheduleArn: entry.arn });
  }

  #allowed(request: Request, operation: string, resource: string): Answer | undefined {
    const refusal = this.#gate(request.headers['authorization'], `scheduler:${operation}`, resource);
    return refusal === undefined ? undefined : refuse(403, 'AccessDeniedException', refusal);
  }
}

/** The API has dates in seconds since the epoch, a template as text. */
const seconds = z.number().transform((value) => new Date(value * 1000).toISOString());
const updateBody = z.looseObject({
  StartDate: seconds.optional(),
  EndDate: seconds.optional(),
  ClientToken: z.string().optional(),
});

function describe({ name, arn, properties, createdAt, changedAt }: ScheduleEntry) {
  const { StartDate, EndDate, ...others } = properties;
  return {
    ...others,
    Name: name,
    Arn: arn,
    CreationDate: createdAt / 1000,
    LastModificationDate: changedAt / 1000,
    ...(StartDate === undefined ? {} : { StartDate: Date.parse(StartDate) / 1000 }),
    ...(EndDate === undefined ? {} : { EndDate: Date.parse(EndDate) / 1000 }),
  };
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function document(body: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function refuse(status: number, type: string, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: JSON.stringify({ Message: message }),
  };
}
