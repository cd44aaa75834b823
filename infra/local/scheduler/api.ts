import * as z from 'zod';
import { propertyProblems } from '../assembly/properties.ts';
import { messageOf } from '../errors.ts';
import type { Gate } from '../iam/gate.ts';
import type { Answer, Request } from '../server.ts';
import type { ScheduleEntry, ScheduleProperties, Schedules } from './schedules.ts';
import { schedule, scheduleArn } from './types.ts';

const OPERATIONS: Readonly<
  Record<string, 'GetSchedule' | 'CreateSchedule' | 'UpdateSchedule' | 'DeleteSchedule'>
> = { GET: 'GetSchedule', POST: 'CreateSchedule', PUT: 'UpdateSchedule', DELETE: 'DeleteSchedule' };

/** Of EventBridge Scheduler's API: what a look, a pause and a schedule that fires once need. */
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
    const [, encoded] = /^\/schedules\/([^/]+)$/.exec(url.pathname) ?? [];
    if (method === 'GET' && url.pathname === '/schedules') {
      return this.#allowed(request, 'ListSchedules', '*') ?? this.#list(url.searchParams);
    }
    const operation = OPERATIONS[method];
    if (encoded === undefined || operation === undefined) {
      const played = ['ListSchedules', ...Object.values(OPERATIONS)].join(', ');
      return refuse(501, 'NotImplemented', `${method} ${url.pathname} is not played here: only ${played}`);
    }
    const name = decodeURIComponent(encoded);
    const group = groupOf(request);
    const denied = this.#allowed(request, operation, scheduleArn(group, name));
    if (denied !== undefined) return denied;
    const entry = this.#schedules.get(name, group);
    if (operation === 'CreateSchedule') return this.#create(name, group, entry, request);
    if (entry === undefined) {
      return refuse(404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`);
    }
    switch (operation) {
      case 'GetSchedule':
        return document(describe(entry));
      case 'UpdateSchedule':
        return this.#update(entry, request);
      case 'DeleteSchedule':
        this.#schedules.remove(entry);
        return document({});
    }
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

  #create(name: string, group: string, known: ScheduleEntry | undefined, request: Request): Answer {
    if (known !== undefined) return refuse(409, 'ConflictException', `Schedule ${name} already exists.`);
    if (!this.#schedules.hasGroup(group)) {
      return refuse(404, 'ResourceNotFoundException', `Schedule group ${group} does not exist.`);
    }
    return this.#taken(name, request, (properties) => this.#schedules.create(name, properties).arn);
  }

  /** Replaces everything: what the request leaves out has its default again, as in the service. */
  #update(entry: ScheduleEntry, request: Request): Answer {
    return this.#taken(entry.name, request, (properties) => {
      this.#schedules.replace(entry, properties);
      return entry.arn;
    });
  }

  #taken(name: string, request: Request, use: (properties: ScheduleProperties) => string): Answer {
    const body = givenBody.safeParse(readJson(request.body));
    if (!body.success) return refuse(400, 'ValidationException', propertyProblems(body.error).join('; '));
    const { ClientToken: _token, ...given } = body.data;
    const parsed = schedule.properties.safeParse({ ...given, Name: name });
    if (!parsed.success) return refuse(400, 'ValidationException', propertyProblems(parsed.error).join('; '));
    const passed = this.#gate(request.headers['authorization'], 'iam:PassRole', parsed.data.Target.RoleArn);
    if (passed !== undefined) return refuse(403, 'AccessDeniedException', passed);
    try {
      return document({ ScheduleArn: use(parsed.data) });
    } catch (error) {
      return refuse(400, 'ValidationException', messageOf(error));
    }
  }

  #allowed(request: Request, operation: string, resource: string): Answer | undefined {
    const refusal = this.#gate(request.headers['authorization'], `scheduler:${operation}`, resource);
    return refusal === undefined ? undefined : refuse(403, 'AccessDeniedException', refusal);
  }
}

/** The API has dates in seconds since the epoch, a template as text. */
const seconds = z.number().transform((value) => new Date(value * 1000).toISOString());
const givenBody = z.looseObject({
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

/** In the query of what reads and deletes, in the body of what writes. */
function groupOf({ method, url, body }: Request): string {
  if (method === 'GET' || method === 'DELETE') return url.searchParams.get('groupName') ?? 'default';
  const given = z.object({ GroupName: z.string() }).safeParse(readJson(body));
  return given.data?.GroupName ?? 'default';
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
