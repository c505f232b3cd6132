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
  readonly own: RegExp;
  readonly node: RegExp;
  /** The section that allows both, or that nghttp2 leaves unfulfilled. */
  readonly rule: string;
  readonly why: string;
}

/** A value as places and what stands in them: `streams 1`, `seen 0 fields`. */
function places(value: unknown, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  if (typeof value !== 'object' || value === null) return found.set(path, String(value));
  const entries =
    Array.isArray(value) && typeof value[0] === 'string' ? [['', value.join(' | ')]] : Object.entries(value);
  for (const [name, part] of entries) {
    for (const [place, text] of places(part, `${path} ${name}`.trim())) found.set(place, text);
  }
  return found;
}

/** Where two outcomes differ. `-` stands for nothing. */
export function disparities(own: object, node: object): Disparity[] {
  const [ours, theirs] = [places(own), places(node)];
  const all = new Set([...ours.keys(), ...theirs.keys()]);
  return [...all]
    .map((where) => ({ where, own: ours.get(where) ?? '-', node: theirs.get(where) ?? '-' }))
    .filter((place) => place.own !== place.node);
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
  return entry.where.test(where) && entry.own.test(own) && entry.node.test(node);
}

export function report(steps: readonly { readonly title: string }[], found: readonly Disparity[]): string {
  const lines = found.map(({ where, own, node }) => `    ${where}\n      own:  ${own}\n      node: ${node}`);
  return `The engines differ.\n  Frames:\n${steps.map(({ title }) => `    ${title}`).join('\n')}\n  Differences:\n${lines.join('\n')}`;
}
