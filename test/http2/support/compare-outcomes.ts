/** A place in which two outcomes differ, and what stands there. */
export interface Disparity {
  readonly where: string;
  readonly own: string;
  readonly node: string;
}

/** A difference that the RFC allows, found by the mutation that shows it and the place in which it shows. */
export interface KnownDifference {
  /** Names of mutations; absent: any conversation. */
  readonly mutations?: readonly string[];
  readonly where: RegExp;
  readonly own: RegExp | ((own: string, node: string) => boolean);
  readonly node?: RegExp;
  /** The section that allows both, or that nghttp2 leaves unfulfilled. */
  readonly rule: string;
  readonly why: string;
}

/** A value as places and what stands in them: `streams 1`, `seen GET /echo/1 example.test fields`. */
function places(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, String(value)]]);
  if (Array.isArray(value)) return new Map([[path, value.join(' | ')]]);
  const parts = Object.entries(value).flatMap(([name, part]) => [...places(part, `${path} ${name}`.trim())]);
  return new Map(parts);
}

/** Where two outcomes differ. `-` stands for nothing; an exchange that only one of them has seen is one place. */
export function disparities(own: object, node: object): Disparity[] {
  const [ours, theirs] = [places(own), places(node)];
  const found: Disparity[] = [];
  for (const where of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(where), theirs.get(where)];
    if (a === b) continue;
    const isExchange = where.startsWith('seen ');
    const isLone = isExchange && (a === undefined || b === undefined);
    if (isLone && where.endsWith(' head')) {
      found.push({
        where: where.replace(/ head$/, ''),
        own: a === undefined ? '-' : 'seen',
        node: b === undefined ? '-' : 'seen',
      });
    } else if (!isLone && !where.endsWith(' order')) found.push({ where, own: a ?? '-', node: b ?? '-' });
  }
  return found;
}

/** Takes known differences away from what was found and remembers which of them were met. */
export class DifferenceTable {
  readonly #known: readonly KnownDifference[];
  readonly #met = new Set<KnownDifference>();

  constructor(known: readonly KnownDifference[]) {
    this.#known = known;
  }

  unexplained(found: readonly Disparity[], mutation: string | undefined): Disparity[] {
    return found.filter((disparity) => {
      const known = this.#known.filter((entry) => explains(entry, disparity, mutation));
      for (const entry of known) this.#met.add(entry);
      return known.length === 0;
    });
  }

  /** Entries that explained nothing so far: they are out of date. */
  get stale(): KnownDifference[] {
    return this.#known.filter((entry) => !this.#met.has(entry));
  }
}

function explains(entry: KnownDifference, { where, own, node }: Disparity, mutation: string | undefined): boolean {
  if (entry.mutations !== undefined && (mutation === undefined || !entry.mutations.includes(mutation))) return false;
  if (!entry.where.test(where) || entry.node?.test(node) === false) return false;
  return typeof entry.own === 'function' ? entry.own(own, node) : entry.own.test(own);
}
