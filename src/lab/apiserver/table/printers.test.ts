import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectForm } from './object-form.ts';
import { type PrintedType, printerOf } from './printers.ts';
import { type RenderedList, rendererOf } from './render.ts';
import { customType, recordedColumns, recordedRows } from './testing/recorded-tables.ts';

const TABLE = objectForm('application/json;as=Table;g=meta.k8s.io;v=v1');
const NO_QUERY = new URLSearchParams();
const EMPTY: RenderedList = { metadata: { resourceVersion: '1' }, items: [] };

interface Definition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly priority: number;
}

function columns(type: PrintedType, minor: number): string {
  const table = rendererOf(TABLE, type, NO_QUERY, { clock: Date.now, minor }).list(EMPTY);
  return (table['columnDefinitions'] as readonly Definition[])
    .map(({ name, type, format, priority }) =>
      [name, type === 'string' ? '' : `:${type}`, format && `!${format}`, priority === 0 ? '' : '*'].join(''),
    )
    .join(' | ');
}

test('columns are those of kube-apiserver 1.34.4, 1.36.3 and 1.37.2', () => {
  const recorded = Object.entries(recordedColumns());
  assert.equal(recorded.length, 3);
  for (const [version, kinds] of recorded) {
    const minor = Number(version.split('.')[1]);
    assert.ok(Object.keys(kinds).length > 50);
    for (const [key, expected] of Object.entries(kinds)) {
      const [group = '', kind = ''] = key.split('/');
      assert.equal(columns({ group, kind, custom: undefined }, minor), expected, `${key} of ${version}`);
    }
  }
});

test('cells are those of kube-apiserver 1.37.2', () => {
  let compared = 0;
  for (const { type, now, rows } of recordedRows()) {
    const { columns, conditions } = printerOf(type);
    const list = rows.map(({ object }) => object);
    for (const { cells, conditions: expected = [], object } of rows) {
      const printed = columns
        .filter(({ before = Number.POSITIVE_INFINITY }) => before > 37)
        .map(({ cell }) => cell(object, { now, list }));
      assert.deepEqual(printed, cells, `${type.kind} ${object.metadata.name}`);
      assert.deepEqual(conditions?.(object) ?? [], expected);
      compared++;
    }
  }
  assert.ok(compared > 100, `only ${compared} rows were compared`);
});

test('a kind without columns of its own has its name and the time of its creation', () => {
  assert.equal(
    columns({ group: 'other.example.com', kind: 'Thing', custom: undefined }, 37),
    'Name!name | Created At:date',
  );
});

test('a custom resource has the columns of its definition, or its age', () => {
  const type = { group: 'lab.example.com', kind: 'Gear' };
  assert.equal(columns({ ...type, custom: customType([]) }, 37), 'Name!name | Age:date');
  const teeth = { name: 'Teeth', type: 'integer', format: 'int32', jsonPath: '.spec.teeth', priority: 1 };
  assert.equal(columns({ ...type, custom: customType([teeth]) }, 37), 'Name!name | Teeth:integer!int32*');
});

test('a column whose path is not readable stays empty', () => {
  const custom = customType([{ name: 'Bad', type: 'string', jsonPath: '.spec[' }]);
  const [, bad] = printerOf({ group: 'lab.example.com', kind: 'Gear', custom }).columns;
  assert.equal(bad?.cell(recordedRows()[0]?.rows[0]?.object ?? assert.fail(), { now: 0, list: undefined }), null);
});
