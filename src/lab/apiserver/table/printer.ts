import type { ApiObject } from '../../api-object.ts';
import { timeSince } from './human-duration.ts';

/** What a cell may depend on besides its object. */
export interface CellContext {
  /** Epoch milliseconds. */
  readonly now: number;
  /** All objects of the table, when it is a list. */
  readonly list: readonly ApiObject[] | undefined;
}

export type Cell = (object: ApiObject, context: CellContext) => unknown;

/** One column of a `meta.k8s.io` Table, and how its cells are made. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 by `-o wide`. */
  readonly priority: number;
  readonly cell: Cell;
  /** First minor version of Kubernetes that has the column. */
  readonly since?: number;
  /** First minor version of Kubernetes that has it no more. */
  readonly before?: number;
}

/** `metav1.TableRowCondition` */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** How objects of one kind become rows. */
export interface Printer {
  readonly columns: readonly Column[];
  readonly conditions?: (object: ApiObject) => readonly RowCondition[];
}

/** Printers by `GROUP/KIND`; the core group is ''. All versions of a kind share one. */
export type Printers = Readonly<Record<string, Printer>>;

const column = (name: string, type: string, cell: Cell): Column => ({
  name,
  type,
  format: '',
  description: '',
  priority: 0,
  cell,
});

export const string = (name: string, cell: Cell) => column(name, 'string', cell);
export const integer = (name: string, cell: Cell) => column(name, 'integer', cell);
export const boolean = (name: string, cell: Cell) => column(name, 'boolean', cell);

/** Shown by `-o wide` only. */
export const wide = (shown: Column): Column => ({ ...shown, priority: 1 });

export const objectName = ({ metadata }: ApiObject): string => metadata.name ?? '';

/** The column that holds names, shown with kind and group where several types are mixed. */
export const nameColumn = (cell: Cell): Column => ({
  ...string('Name', cell),
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
});

export const NAME = nameColumn(objectName);

export const AGE: Column = {
  ...string('Age', ({ metadata }, { now }) => timeSince(metadata.creationTimestamp, now)),
  description: 'Time since the object was created.',
};

export const CREATED_AT: Column = {
  ...column('Created At', 'date', ({ metadata }) => metadata.creationTimestamp ?? '0001-01-01T00:00:00Z'),
  description: 'When the object was created, in UTC.',
};

export const printer = (...columns: readonly Column[]): Printer => ({ columns });
