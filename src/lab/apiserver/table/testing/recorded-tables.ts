import { readFileSync } from 'node:fs';
import type { ApiObject, JsonObject } from '../../../api-object.ts';
import type { CustomType } from '../../served-type.ts';
import type { PrintedType } from '../printers.ts';

/** Rows of one kind as kube-apiserver 1.37.2 printed them; its objects are shortened by what no column reads. */
export interface RecordedRows {
  readonly type: PrintedType;
  /** When it printed them, in epoch milliseconds. */
  readonly now: number;
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly conditions?: unknown;
    readonly object: ApiObject;
  }[];
}

interface RowsFile extends Omit<RecordedRows, 'type'> {
  readonly group: string;
  readonly kind: string;
  readonly printerColumns?: readonly JsonObject[];
}

export function recordedRows(): readonly RecordedRows[] {
  const file: readonly RowsFile[] = read('rows-1.37.2.json');
  return file.map(({ group, kind, printerColumns, ...rest }) => ({
    type: { group, kind, custom: printerColumns && customType(printerColumns) },
    ...rest,
  }));
}

/** Columns by `GROUP/KIND` as `NAME:TYPE!FORMAT*`, joined by ` | `; a type string is left out, `*` stands for wide. */
export type RecordedColumns = Readonly<Record<string, string>>;

/** By version of kube-apiserver. */
export function recordedColumns(): Readonly<Record<string, RecordedColumns>> {
  return read('columns.json');
}

export function customType(printerColumns: readonly JsonObject[]): CustomType {
  return { definition: 'gears.lab.example.com', schema: undefined, printerColumns, scale: undefined };
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}
