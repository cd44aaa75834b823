import { describe, expect, test } from 'vitest';
import { MigrationError, readMigrations } from '../../functions/core/migrations/files.ts';
import { parseObject, readObjects } from '../../functions/core/migrations/objects.ts';
import { rightsOf } from '../../functions/core/migrations/upstream.ts';
import { REQUIRED_MIGRATION } from '../../functions/core/schema-check.ts';
import { sqlDirectory } from '../support/database-server.ts';
import { makeSqlDirectory, objectFile } from '../support/sql-directory.ts';

describe('numbered files', () => {
  test('come in order, with their markers', async () => {
    const sql = await makeSqlDirectory({
      'migrations/0003_later.sql': '-- breaking\n-- as administrator\nselect 1;',
      'migrations/0002_first.sql': '-- says why\nselect 1; -- breaking',
    });
    const files = await readMigrations(sql.path);
    expect(files.slice(2)).toMatchObject([
      {
        number: 2,
        name: '0002_first',
        file: 'sql/migrations/0002_first.sql',
        breaking: false,
        administrator: false,
      },
      { number: 3, name: '0003_later', breaking: true, administrator: true },
    ]);
  });

  test('have the same checksum whatever the checkout makes of line ends', async () => {
    const unix = await makeSqlDirectory({ 'migrations/0002_a.sql': 'select 1;\nselect 2;\n' });
    const dos = await makeSqlDirectory({ 'migrations/0002_a.sql': 'select 1;\r\nselect 2;\r\n' });
    const [one, two] = await Promise.all([readMigrations(unix.path), readMigrations(dos.path)]);
    expect(one[2]?.checksum).toBe(two[2]?.checksum);
  });

  test.each([
    [
      '0002_a.sql',
      '0002_b.sql',
      'sql/migrations/0002_a.sql and sql/migrations/0002_b.sql have the same number',
    ],
    ['0002_a.sql', '3_b.sql', 'sql/migrations/3_b.sql is not named NNNN_name.sql'],
    ['0002_a.sql', '0003-b.sql', 'sql/migrations/0003-b.sql is not named NNNN_name.sql'],
    ['0002_a.sql', 'notes.txt', 'sql/migrations/notes.txt is not named NNNN_name.sql'],
  ])('%s beside %s is refused', async (one, two, message) => {
    const sql = await makeSqlDirectory({ [`migrations/${one}`]: '', [`migrations/${two}`]: '' });
    await expect(readMigrations(sql.path)).rejects.toThrow(message);
  });

  test('the code requires exactly the newest of them', async () => {
    const files = await readMigrations(sqlDirectory);
    expect(REQUIRED_MIGRATION).toBe(files.at(-1)?.number);
  });
});

describe('repeatable objects', () => {
  test.each([
    ['create view ops.a as select 1', 'view', 'ops.a'],
    ['create or replace view ops.a as select 1', 'view', 'ops.a'],
    ['CREATE OR REPLACE RECURSIVE VIEW ops.a (n) AS select 1', 'view', 'ops.a'],
    ['create materialized view if not exists ops.a as select 1', 'materialized view', 'ops.a'],
    ['create or replace function ops.a(b int) returns int language sql return b', 'function', 'ops.a'],
    ['create or replace procedure ops.a() language sql begin atomic select 1; end', 'procedure', 'ops.a'],
    ['grant select on ops.a to cuadre_jobs', 'script', 'core/file'],
  ])('%s creates a %s %s', (statement, kind, name) => {
    expect(parseObject('core/file.sql', objectFile('none', statement))).toMatchObject({ kind, name });
  });

  test('what stands in bodies, strings and comments creates nothing', () => {
    const text = objectFile(
      'ops.b, ops.c',
      `/* create view ops.x */ create or replace function ops.a() returns void language plpgsql as $body$
       begin execute 'create view ops.y as select 1'; create view ops.z as select 1; end $body$;
       -- create view ops.w as select 1
       comment on function ops.a() is 'create view ops.v'`,
    );
    expect(parseObject('core/a.sql', text)).toMatchObject({ name: 'ops.a', requires: ['ops.b', 'ops.c'] });
  });

  test('two objects in a file are refused', () => {
    const text = objectFile('none', 'create view ops.a as select 1; create view ops.b as select 1');
    expect(() => parseObject('core/a.sql', text)).toThrow(
      'sql/core/a.sql creates more than one object (ops.a, ops.b)',
    );
  });

  test.each([
    'create view ops.a as select 1;',
    '-- grain: one row\ncreate view ops.a as select 1;',
    '-- requires: none\n-- grain: one row\ncreate view ops.a as select 1;',
  ])('a header that is not complete is refused: %s', (text) => {
    expect(() => parseObject('core/a.sql', text)).toThrow(
      new MigrationError(
        'sql/core/a.sql must begin with the lines "-- grain: ..." and "-- requires: a.b, c.d" (or none)',
        { code: 'OBJECT_HEADER' },
      ),
    );
  });

  test('stand after what they require, in whatever folder that is', async () => {
    const sql = await makeSqlDirectory({
      'core/a.sql': objectFile('ops.m, ops.z', 'create view ops.a as select 1'),
      'cabinet/views/m.sql': objectFile('ops.z', 'create view ops.m as select 1'),
      'market/z.sql': objectFile('public.somewhere_else', 'create view ops.z as select 1'),
    });
    const names = (await readObjects(sql.path)).map(({ name }) => name);
    expect(names).toEqual(['ops.z', 'ops.m', 'ops.a']);
  });

  test('a circle is refused with its members', async () => {
    const sql = await makeSqlDirectory({
      'core/a.sql': objectFile('ops.b', 'create view ops.a as select 1'),
      'core/b.sql': objectFile('ops.c', 'create view ops.b as select 1'),
      'core/c.sql': objectFile('ops.a', 'create view ops.c as select 1'),
    });
    await expect(readObjects(sql.path)).rejects.toThrow('ops.a -> ops.b -> ops.c -> ops.a');
  });

  test('one name in two files is refused', async () => {
    const sql = await makeSqlDirectory({
      'core/a.sql': objectFile('none', 'create view ops.a as select 1'),
      'cabinet/a.sql': objectFile('none', 'create view ops.a as select 2'),
    });
    await expect(readObjects(sql.path)).rejects.toThrow(
      'sql/cabinet/a.sql and sql/core/a.sql both create ops.a',
    );
  });
});

describe('the rights on the upstream', () => {
  test('are read from its grants', () => {
    expect(
      rightsOf(
        '-- why\ngrant select on\n  public.a, public.b\nto cuadre_owner;\ngrant insert on c.d to e, f;\ngrant usage on sequence c.g to e;\n',
      ),
    ).toEqual([
      { role: 'cuadre_owner', name: 'public.a', privilege: 'select' },
      { role: 'cuadre_owner', name: 'public.b', privilege: 'select' },
      { role: 'e', name: 'c.d', privilege: 'insert' },
      { role: 'f', name: 'c.d', privilege: 'insert' },
      { role: 'e', name: 'c.g', privilege: 'usage' },
    ]);
  });

  test('are nothing else', () => {
    for (const other of ['grant update on a.b to c', 'grant usage on a.b to c', 'grant all on a.b to c']) {
      expect(() => rightsOf(`grant select on a.b to c;\n${other};`)).toThrow(`not: ${other}`);
    }
  });
});
