import type { JsonObject } from '../../api-object.ts';
import { ATOMIC_ITEMS, ATOMIC_OBJECTS, LIST_RULES, type ListRule, REPLACED_OBJECTS } from './merge-keys.ts';
import { ATOMIC_LIST, type ListShape, type ListStrategy, REPLACED_LIST, type Shape } from './shape.ts';

const LISTS: ReadonlyMap<string, ListRule> = new Map(LIST_RULES.map((rule) => [rule.path, rule]));
const ATOMIC: ReadonlySet<string> = new Set(ATOMIC_OBJECTS);
const WHOLE_ITEMS: ReadonlySet<string> = new Set(ATOMIC_ITEMS);
const REPLACED: ReadonlySet<string> = new Set(REPLACED_OBJECTS);
const NO_DEFAULTS: JsonObject = {};

/** One place of a built-in kind, known by the fields that lead to it. */
class BuiltInShape implements Shape {
  readonly atomic: boolean;
  readonly replaced: boolean;
  readonly list: ListShape;
  readonly listStrategy: ListStrategy;
  readonly items: Shape;
  readonly #path: readonly string[];
  readonly #fields = new Map<string, BuiltInShape>();

  /** `isItem`: of the list at this place, instead of the value there. */
  constructor(path: readonly string[], isItem = false) {
    this.#path = path;
    const ends = path.map((_, at) => path.slice(at).join('.'));
    const rule = ends.map((end) => LISTS.get(end)).find((found) => found !== undefined);
    const atomic = isItem ? WHOLE_ITEMS : ATOMIC;
    this.atomic = ends.some((end) => atomic.has(end));
    this.items = isItem ? this : new BuiltInShape(path, true);
    this.replaced = ends.some((end) => REPLACED.has(end));
    this.list = rule === undefined ? ATOMIC_LIST : listShape(rule);
    this.listStrategy = rule?.merge === undefined ? REPLACED_LIST : { kind: 'merge', key: rule.merge || undefined };
  }

  declares(): boolean {
    return true;
  }

  field(name: string): Shape {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const shape = new BuiltInShape([...this.#path, name]);
    // Names of fields are few, but keys of labels and data come from clients.
    if (this.#fields.size < 100) this.#fields.set(name, shape);
    return shape;
  }
}

function listShape({ apply, defaults = NO_DEFAULTS }: ListRule): ListShape {
  if (apply === 'atomic') return ATOMIC_LIST;
  return apply === 'set' ? { kind: 'set' } : { kind: 'map', keys: apply, defaults };
}

const kinds = new Map<string, BuiltInShape>();

/** The shape of the objects of one of Kubernetes' own kinds, by the table in merge-keys.ts. */
export function builtInShape(kind: string): Shape {
  const known = kinds.get(kind);
  if (known !== undefined) return known;
  const shape = new BuiltInShape([kind]);
  kinds.set(kind, shape);
  return shape;
}
