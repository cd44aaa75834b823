import * as z from 'zod';

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

const DEFINITION = '#/$defs/';

/** What zod calls a definition without an id: only z.json() makes one, which refers to itself and is any JSON. */
const ANY_JSON = '__schema';

/** The document's components: schemas that carry an id, each written once. */
export class Schemas {
  readonly #named = new Map<string, Schema>();

  /** What an answer holds. */
  written(schema: z.core.$ZodType): Schema {
    return this.#schema(schema, 'output');
  }

  /** What a body must hold. */
  read(schema: z.core.$ZodType): Schema {
    return this.#schema(schema, 'input');
  }

  /**
   * A parameter, as the value that its text stands for: an integer and not a pattern of digits. Where that value is of
   * our own making (a cursor's key), the text itself.
   */
  parameter(schema: z.core.$ZodType): Schema {
    try {
      return this.#schema(schema, 'output');
    } catch {
      return this.#schema(schema, 'input');
    }
  }

  name(name: string, schema: Schema): Schema {
    const before = this.#named.get(name);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(schema)) {
      throw new Error(`two schemas are called ${name}`);
    }
    this.#named.set(name, schema);
    return { $ref: `#/components/schemas/${name}` };
  }

  all(): Readonly<Record<string, Schema>> {
    return Object.fromEntries([...this.#named].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #schema(schema: z.core.$ZodType, io: 'input' | 'output'): Schema {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, override: simplify });
    for (const [name, definition] of Object.entries($defs)) {
      if (name.startsWith(ANY_JSON)) continue;
      const { id: _id, ...named } = record.parse(definition);
      this.name(name, record.parse(referred(named)));
    }
    const { id, ...whole } = record.parse(referred(rest));
    return typeof id === 'string' ? this.name(id, whole) : whole;
  }
}

const record = z.record(z.string(), z.unknown());

/** References to the components instead of to the schema's own definitions. */
function referred(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referred);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [[key, referred(inner)]];
      if (inner.startsWith(DEFINITION + ANY_JSON)) return [];
      return [[key, inner.replace(DEFINITION, '#/components/schemas/')]];
    }),
  );
}

/** Leaves out what says nothing: the pattern behind a format, the bounds of every integer, that keys are text. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === 'date' || jsonSchema.format === 'date-time' || jsonSchema.format === 'uuid') {
    delete jsonSchema.pattern;
  }
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames;
  if (jsonSchema.type === 'number' && jsonSchema.enum?.every(Number.isInteger)) jsonSchema.type = 'integer';
}
