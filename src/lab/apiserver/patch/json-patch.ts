import { failureStatus } from '../../../kubernetes/status.ts';
import type { JsonObject } from '../../api-object.ts';
import { ApiError, badRequest, tooLarge } from '../api-error.ts';
import { jsonKind } from './go-format.ts';
import { equalJson, isList, isObject, member, objectOf } from './json.ts';

/** kube-apiserver pkg/endpoints/handlers/patch.go */
const MAX_OPERATIONS = 10_000;

/** Nodes that all copies of one patch may add up to: whoever copies a value into itself doubles it each time. */
const MAX_COPIED = 1_000_000;

/**
 * `document` after the operations of `patch` (RFC 6902), with kube-apiserver's liberties: a `replace` of an absent member
 * adds it, an absent member tests equal to null, a negative index counts from the end. Throws ApiError: 400 when `patch`
 * is no list of objects, 413 beyond 10,000 operations, 422 for an operation that cannot be done; kube-apiserver does not
 * say which one that was, nor why.
 */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  const operations = operationsOf(patch);
  if (operations.length > MAX_OPERATIONS) {
    throw tooLarge(
      'Request entity too large: ' +
        `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  const budget = { copied: 0 };
  return operations.reduce((before, operation) => apply(before, operation, budget), document);
}

function operationsOf(patch: unknown): readonly JsonObject[] {
  if (patch === null) return [];
  const bad = (value: unknown, type: string) =>
    badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type}`);
  if (!isList(patch)) throw bad(patch, '[]handlers.jsonPatchOp');
  return patch.map((operation) => {
    if (operation === null) return {};
    if (!isObject(operation)) throw bad(operation, 'handlers.jsonPatchOp');
    return operation;
  });
}

function apply(document: unknown, operation: JsonObject, budget: { copied: number }): unknown {
  const pointer = (name: string): Pointer => {
    const value = member(operation, name);
    if (typeof value !== 'string') throw refused();
    return parsePointer(value);
  };
  const value = member(operation, 'value') ?? null;
  switch (member(operation, 'op')) {
    case 'add':
      return edit(document, pointer('path'), add(value));
    case 'remove':
      return edit(document, pointer('path'), remove);
    case 'replace': {
      const path = pointer('path');
      if (path.length > 0) return edit(document, path, replace(value));
      if (isObject(value) || isList(value)) return value;
      throw refused();
    }
    case 'move': {
      const from = pointer('from');
      const taken = read(document, from);
      return edit(edit(document, from, remove), pointer('path'), add(taken));
    }
    case 'copy': {
      const copied = read(document, pointer('from'));
      budget.copied += nodes(copied);
      if (budget.copied > MAX_COPIED) throw refused();
      return edit(document, pointer('path'), add(copied));
    }
    case 'test': {
      const path = pointer('path');
      if (!equalJson(path.length === 0 ? document : read(document, path), value)) throw refused();
      return document;
    }
    default:
      throw refused();
  }
}

/** Reference tokens (RFC 6901); none is the whole document. */
type Pointer = readonly string[];

function parsePointer(path: string): Pointer {
  return path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

type Container = JsonObject | readonly unknown[];
type Edit = (container: Container, key: string) => Container;

const add =
  (value: unknown): Edit =>
  (container, key) => {
    if (!isList(container)) return objectOf([...Object.entries(container), [key, value]]);
    if (key === '-') return [...container, value];
    return container.toSpliced(listIndex(key, container.length + 1), 0, value);
  };

const remove: Edit = (container, key) => {
  if (isList(container)) return container.toSpliced(listIndex(key, container.length), 1);
  if (!Object.hasOwn(container, key)) throw refused();
  return objectOf(Object.entries(container).filter(([name]) => name !== key));
};

const replace =
  (value: unknown): Edit =>
  (container, key) =>
    isList(container)
      ? container.with(listIndex(key, container.length), value)
      : objectOf([...Object.entries(container), [key, value]]);

function listIndex(key: string, length: number): number {
  const number = /^[-+]?\d+$/.test(key) ? Number(key) : Number.NaN;
  if (!(number < length && number >= -length)) throw refused();
  return number < 0 ? number + length : number;
}

function edit(value: unknown, [key, ...rest]: Pointer, change: Edit): unknown {
  if (key === undefined || !isContainer(value)) throw refused();
  if (rest.length === 0) return change(value, key);
  return replace(edit(child(value, key), rest, change))(value, key);
}

function read(value: unknown, [key, ...rest]: Pointer): unknown {
  if (key === undefined || !isContainer(value)) throw refused();
  return rest.length === 0 ? child(value, key) : read(child(value, key), rest);
}

function child(container: Container, key: string): unknown {
  return (isList(container) ? container[listIndex(key, container.length)] : member(container, key)) ?? null;
}

function isContainer(value: unknown): value is Container {
  return isObject(value) || isList(value);
}

function nodes(value: unknown): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + nodes(item), 1);
  return isObject(value) ? nodes(Object.values(value)) : 1;
}

function refused(): ApiError {
  return new ApiError(
    failureStatus(422, 'Invalid', 'the server rejected our request due to an error in our request', {}),
  );
}
