import { isFields } from './json-view.ts';

/** Turns the values selected so far into those that the step selects of them. */
type Step = (values: readonly unknown[]) => readonly unknown[];

/** Finds the values that a JSONPath selects; absent fields select nothing. */
export type JsonPath = (value: unknown) => readonly unknown[];

/**
 * Compiles a JSONPath as CustomResourceDefinitions use it (client-go util/jsonpath without braces): fields, quoted fields,
 * indexes, slices, wildcards, recursive descent, unions, and filters that compare a path with a literal. Undefined when
 * `path` is not of that language.
 */
export function jsonPath(path: string): JsonPath | undefined {
  const parser = new Parser(path);
  const steps = parser.steps();
  return steps === undefined || steps.length === 0 ? undefined : (value) => run(steps, value);
}

const run = (steps: readonly Step[], value: unknown) =>
  steps.reduce<readonly unknown[]>((values, step) => step(values), [value]);

const INTEGER = /^-?\d+$/;
const SLICE = /^(-?\d+)?:(-?\d+)?(?::(\d+)?)?$/;
const QUOTED = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")$/;
const FILTER = /^\?\(\s*@([^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*([^=<>]+?)\s*)?\)$/;

class Parser {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.replace(/^[$@]/, '');
  }

  steps(): readonly Step[] | undefined {
    const steps: Step[] = [];
    while (this.#rest !== '') {
      const step = this.#step();
      if (step === undefined) return undefined;
      steps.push(step);
    }
    return steps;
  }

  #step(): Step | undefined {
    if (this.#take(/^\.\.(?=[^.[])/) !== undefined) {
      const name = this.#name();
      return name === undefined ? undefined : (values) => select(name)(values.flatMap(descendants));
    }
    const bracket = this.#take(/^\.?\[((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\]"'])*)\]/);
    if (bracket !== undefined) return inBrackets(bracket[1] ?? '');
    if (this.#take(/^\./) === undefined) return undefined;
    const name = this.#name();
    return name === undefined ? undefined : select(name);
  }

  #name(): string | undefined {
    return this.#take(/^(?:[^.[\]\\]|\\.)+/)?.[0];
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#rest);
    if (match === null) return undefined;
    this.#rest = this.#rest.slice(match[0].length);
    return match;
  }
}

const select = (name: string): Step => (name === '*' ? children : field(name.replace(/\\(.)/g, '$1')));

const children: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []));

const field =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isFields(value) && Object.hasOwn(value, name) ? [value[name]] : []));

function descendants(value: unknown): unknown[] {
  return [value, ...children([value]).flatMap(descendants)];
}

function inBrackets(text: string): Step | undefined {
  if (text.startsWith('?')) return filter(text);
  const steps = splitUnion(text).map(bracketItem);
  if (!steps.every((step) => step !== undefined)) return undefined;
  return (values) => values.flatMap((value) => steps.flatMap((step) => step([value])));
}

function splitUnion(text: string): readonly string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,"'])+/g) ?? [''];
}

function bracketItem(text: string): Step | undefined {
  const item = text.trim();
  if (item === '*') return children;
  const quoted = unquote(item);
  if (quoted !== undefined) return field(quoted);
  if (INTEGER.test(item)) return (values) => arrays(values).flatMap((array) => element(array, Number(item)));
  const bounds = SLICE.exec(item);
  if (bounds === null) return undefined;
  const [, from = '0', to, by = '1'] = bounds;
  return (values) =>
    arrays(values).flatMap((array) =>
      array.slice(Number(from), to === undefined ? undefined : Number(to)).filter((_, at) => at % Number(by) === 0),
    );
}

function filter(text: string): Step | undefined {
  const [, path, operator, right] = FILTER.exec(text) ?? [];
  const left = path === undefined ? undefined : jsonPath(path);
  if (left === undefined) return undefined;
  const literal = right === undefined ? undefined : parseLiteral(right);
  if (operator !== undefined && literal === undefined) return undefined;
  const holds = (value: unknown) => {
    const [found] = left(value);
    if (operator === undefined || literal === undefined) return found !== undefined;
    return found !== undefined && compare(found, operator, literal);
  };
  return (values) => arrays(values).flatMap((array) => array.filter(holds));
}

type Literal = string | number | boolean;

function parseLiteral(text: string): Literal | undefined {
  const quoted = unquote(text);
  if (quoted !== undefined) return quoted;
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

function compare(left: unknown, operator: string, right: Literal): boolean {
  if (typeof left !== typeof right) return false;
  const value = left as Literal;
  switch (operator) {
    case '==':
      return value === right;
    case '!=':
      return value !== right;
    case '<':
      return value < right;
    case '<=':
      return value <= right;
    case '>':
      return value > right;
    default:
      return value >= right;
  }
}

function arrays(values: readonly unknown[]): readonly (readonly unknown[])[] {
  return values.filter((value) => Array.isArray(value));
}

function element(array: readonly unknown[], index: number): readonly unknown[] {
  const at = index < 0 ? array.length + index : index;
  return at in array ? [array[at]] : [];
}

function unquote(text: string): string | undefined {
  const match = QUOTED.exec(text);
  return match === null ? undefined : (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1');
}
