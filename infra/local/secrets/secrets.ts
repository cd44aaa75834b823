import { randomInt } from 'node:crypto';
import * as z from 'zod';
import type { Placed } from '../assembly/types.ts';
import type { World } from '../assembly/world.ts';
import type { Gate } from '../iam/gate.ts';
import { databaseCluster } from '../rds/types.ts';
import type { Answer, Request } from '../server.ts';
import { secret, secretAttachment } from './types.ts';

type SecretProperties = z.output<typeof secret.properties>;

const getSecretValue = z.object({ SecretId: z.string() });
const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const REFERENCE = /\{\{resolve:secretsmanager:(.+?):SecretString:([^:}]*)[^}]*\}\}/g;
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** The template's secrets, made anew at every start, and the one operation that functions use: GetSecretValue. */
export class Secrets {
  readonly #values = new Map<string, string>();

  add({ identity, properties }: Placed<SecretProperties>): void {
    this.#values.set(identity.ref, properties.SecretString ?? generate(properties.GenerateSecretString));
  }

  /** An attached secret also says where its database is. */
  attach(
    id: string,
    database: { readonly host: string; readonly port: number; readonly name: string },
  ): void {
    const { host, port, name: dbname } = database;
    const fields = z.record(z.string(), z.unknown()).parse(this.#json(id));
    this.#values.set(id, JSON.stringify({ ...fields, engine: 'postgres', host, port, dbname }));
  }

  /** A field of a secret whose text is JSON, as `{{resolve:secretsmanager:<id>:SecretString:<field>}}` reads it. */
  field(id: string, name: string): string {
    return z.record(z.string(), z.coerce.string()).parse(this.#json(id))[name] ?? '';
  }

  /** The text with its dynamic references to secrets replaced by what they point at. */
  resolve(text: string): string {
    return text.replaceAll(REFERENCE, (_whole, id: string, field: string) => {
      return field === '' ? (this.get(id) ?? '') : this.field(id, field);
    });
  }

  /** A secret that a service makes for itself. */
  put(id: string, value: Readonly<Record<string, string>>): void {
    this.#values.set(id, JSON.stringify(value));
  }

  get(id: string): string | undefined {
    return this.#values.get(id) ?? [...this.#values].find(([arn]) => arn.includes(`:secret:${id}-`))?.[1];
  }

  /** `gate` decides who may read. */
  answer(request: Request, gate: Gate): Answer {
    const operation = (request.headers['x-amz-target'] ?? '').replace('secretsmanager.', '');
    if (operation !== 'GetSecretValue') {
      return document(501, {
        __type: 'NotImplemented',
        message: `${operation} is not played here: of Secrets Manager, only GetSecretValue is`,
      });
    }
    const { SecretId } = getSecretValue.parse(JSON.parse(request.body.toString('utf8')));
    const refusal = gate(request.headers['authorization'], 'secretsmanager:GetSecretValue', SecretId);
    if (refusal !== undefined) return document(400, { __type: 'AccessDeniedException', message: refusal });
    const value = this.get(SecretId);
    if (value === undefined) {
      return document(400, {
        __type: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret.",
      });
    }
    return document(200, {
      ARN: SecretId,
      Name: SecretId,
      SecretString: value,
      VersionStages: ['AWSCURRENT'],
    });
  }

  #json(id: string): unknown {
    return JSON.parse(this.get(id) ?? '{}');
  }
}

/** The secrets of the template, those attached to its database completed. */
export function makeSecrets(world: World): Secrets {
  const secrets = new Secrets();
  for (const placed of world.all(secret)) secrets.add(placed);
  const [cluster] = world.all(databaseCluster);
  for (const { properties } of world.all(secretAttachment)) {
    if (cluster === undefined) continue;
    const { attributes } = cluster.identity;
    secrets.attach(properties.SecretId, {
      host: attributes?.['Endpoint.Address'] ?? '',
      port: Number(attributes?.['Endpoint.Port']),
      name: cluster.properties.DatabaseName,
    });
  }
  return secrets;
}

function document(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

function generate(how: SecretProperties['GenerateSecretString']): string {
  const excluded = how?.ExcludeCharacters ?? '';
  const allowed = [...CHARACTERS, ...(how?.ExcludePunctuation === true ? '' : PUNCTUATION)].filter(
    (character) => !excluded.includes(character),
  );
  const password = Array.from(
    { length: how?.PasswordLength ?? 32 },
    () => allowed[randomInt(allowed.length)],
  ).join('');
  if (how?.GenerateStringKey === undefined) return password;
  const template = z.record(z.string(), z.unknown()).parse(JSON.parse(how.SecretStringTemplate ?? '{}'));
  return JSON.stringify({ ...template, [how.GenerateStringKey]: password });
}
