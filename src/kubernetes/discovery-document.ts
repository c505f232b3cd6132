/** More entries than this over all lists of one document are refused: 20 000 custom resources need about 500 000. */
const MAX_ENTRIES = 500_000;
/** More entries than this in one list are refused; merging compares lists pairwise. */
const MAX_LIST = 10_000;
/** Longer than any name or kind Kubernetes allows (253 and 63 characters). */
const MAX_TEXT = 1024;
const SHOWN_TEXT = 64;

/** An answer that is not API discovery as Kubernetes defines it. */
export class DiscoveryDocumentError extends Error {
  override readonly name = 'DiscoveryDocumentError';
  readonly code = 'MVP_DISCOVERY_DOCUMENT';
  /** Where, as a JSON path such as `$.items[3].versions`. */
  readonly path: string;
  /** What the definition asks for there. */
  readonly expected: string;

  constructor(path: string, found: string, expected: string) {
    super(
      `The answer is not API discovery as Kubernetes defines it: ${path} is ${found}, expected ${expected}. ` +
        'Check that the address is a Kubernetes API server and that nothing in between changes its answers.',
    );
    this.path = path;
    this.expected = expected;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads one untrusted discovery document, within bounds over the whole document.
 *
 * Null and absent count as the field's zero value, because that is how Go's decoder reads them and how its encoder
 * writes empty lists; only a value of another type is refused.
 */
export class DiscoveryDocumentReader {
  #entries = 0;

  object(value: unknown, path: string): JsonObject {
    if (!isObject(value)) throw new DiscoveryDocumentError(path, describe(value), 'an object');
    return value;
  }

  /** Refuses another kind: a server that lacks the asked form answers 200 with a different document. */
  kind(document: JsonObject, expected: string): void {
    const { kind } = document;
    if (kind !== expected) throw new DiscoveryDocumentError('$.kind', describe(kind), JSON.stringify(expected));
  }

  optional<T>(
    holder: JsonObject,
    key: string,
    path: string,
    read: (item: JsonObject, path: string) => T,
  ): T | undefined {
    const value = holder[key];
    const at = `${path}.${key}`;
    return value === undefined || value === null ? undefined : read(this.object(value, at), at);
  }

  text(holder: JsonObject, key: string, path: string): string {
    const value = holder[key];
    return value === undefined || value === null ? '' : this.#text(value, () => `${path}.${key}`);
  }

  /** A text that identifies its entry and is therefore always written. */
  name(holder: JsonObject, key: string, path: string): string {
    return this.#text(holder[key], () => `${path}.${key}`);
  }

  flag(holder: JsonObject, key: string, path: string): boolean {
    const value = holder[key] ?? false;
    if (typeof value !== 'boolean') throw new DiscoveryDocumentError(`${path}.${key}`, describe(value), 'a boolean');
    return value;
  }

  texts(holder: JsonObject, key: string, path: string): readonly string[] {
    return this.#list(holder, key, path).map((item, i) => this.#text(item, () => `${path}.${key}[${i}]`));
  }

  objects<T>(holder: JsonObject, key: string, path: string, read: (item: JsonObject, path: string) => T): readonly T[] {
    return this.#list(holder, key, path).map((item, i) => {
      const itemPath = `${path}.${key}[${i}]`;
      return read(this.object(item, itemPath), itemPath);
    });
  }

  #list(holder: JsonObject, key: string, path: string): readonly unknown[] {
    const value = holder[key] ?? [];
    if (!Array.isArray(value)) throw new DiscoveryDocumentError(`${path}.${key}`, describe(value), 'an array');
    this.#entries += value.length;
    if (value.length > MAX_LIST || this.#entries > MAX_ENTRIES) {
      const expected = `at most ${MAX_LIST} entries in a list and ${MAX_ENTRIES} in a document`;
      throw new DiscoveryDocumentError(`${path}.${key}`, `an array of ${value.length}`, expected);
    }
    return value;
  }

  #text(value: unknown, path: () => string): string {
    if (typeof value !== 'string') throw new DiscoveryDocumentError(path(), describe(value), 'a string');
    if (value.length > MAX_TEXT) {
      throw new DiscoveryDocumentError(path(), `${value.length} characters long`, `at most ${MAX_TEXT} characters`);
    }
    return value.toWellFormed();
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'string') return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return value.length > SHOWN_TEXT ? 'a long string' : `the string ${JSON.stringify(value)}`;
}
