import { isObject } from './json.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const AGE = /^(?:\d+[smhd])+$/;
const SERVICE_ADDRESS = /^10\.\d+\.\d+\.\d+$/;

/**
 * Replaces what differs from run to run (ids, revisions, times, tokens) by names in the order of their appearance, so that
 * what must be equal stays equal and what must differ differs.
 */
export class NormalForm {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** A JSON value. */
  json(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.json(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#member(name, item)]));
  }

  text(text: string): string {
    if (AGE.test(text)) return '<age>';
    if (SERVICE_ADDRESS.test(text)) return '<address>';
    return (
      text
        .replace(UUID, (id) => this.#name('uid', id))
        .replace(TIME, '<time>')
        .replace(/(resource version: \d+, current: )\d+/, '$1<revision>')
        .replace(/in record \(\d+\)/, 'in record (<revision>)')
        .replace(/X509SHA256=[0-9a-f]{64}/, 'X509SHA256=<hash>')
        // Of several roles that allow something, any one may be named.
        .replace(/ClusterRoleBinding "[^"]+" of ClusterRole "[^"]+"/, '<binding>')
    );
  }

  #member(name: string, value: unknown): unknown {
    if (name === 'managedFields' && Array.isArray(value)) return this.json(value.toSorted(byManager));
    if (typeof value !== 'string' || value === '') return this.json(value);
    if (name === 'resourceVersion') return value === '0' ? value : this.#name('revision', value);
    if (name === 'continue') return '<continue>';
    return this.json(value);
  }

  #name(kind: string, value: string): string {
    const known = this.#names.get(`${kind} ${value}`);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `<${kind} ${count}>`;
    this.#names.set(`${kind} ${value}`, name);
    return name;
  }
}

/** Entries are sorted by their time first, and a second may begin at any moment. */
function byManager(left: unknown, right: unknown): number {
  const key = (entry: unknown) =>
    isObject(entry)
      ? JSON.stringify([entry['operation'], entry['manager'], entry['apiVersion'], entry['subresource'] ?? ''])
      : '';
  return key(left) < key(right) ? -1 : 1;
}
