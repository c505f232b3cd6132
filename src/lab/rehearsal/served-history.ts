import type { GroupVersionResource } from '../api-object.ts';

/** `certificates.k8s.io/v1 podcertificaterequests`; the core group is left out. */
export function typeName({ group, version, resource }: GroupVersionResource): string {
  return `${group === '' ? '' : `${group}/`}${version} ${resource}`;
}

interface Readiness {
  readonly server: string;
  readonly types: ReadonlySet<string>;
  readonly from: number;
  /** Infinity while it lasts. */
  until: number;
}

/**
 * Which types the servers served when, by what the rehearsal itself did to them: the truth that answers are judged by. A
 * server serves from the moment it is ready until it is told to stop, killed or hung. Times are epoch milliseconds.
 */
export class ServedHistory {
  readonly #readiness: Readiness[] = [];
  /** Custom types by the time from which the API said that they are established. */
  readonly #defined = new Map<string, number>();

  ready(server: string, types: Iterable<string>, at: number): void {
    this.#readiness.push({ server, types: new Set(types), from: at, until: Infinity });
  }

  notReady(server: string, at: number): void {
    for (const entry of this.#readiness) if (entry.server === server && entry.until === Infinity) entry.until = at;
  }

  defined(type: string, at: number): void {
    this.#defined.set(type, at);
  }

  /** Whether one and the same server served the type from `from` to `to`. */
  servedThroughout(type: string, from: number, to: number): boolean {
    return this.#readiness.some((entry) => entry.from <= from && entry.until >= to && this.#serves(entry, type, from));
  }

  /** Whether a server had been serving it before `at`. */
  wasServed(type: string, at: number): boolean {
    return this.#readiness.some((entry) => entry.from <= at && this.#serves(entry, type, at));
  }

  /** Whether this server serves the type at `at`. */
  serves(server: string, type: string, at: number): boolean {
    return this.#readiness.some(
      (entry) => entry.server === server && entry.from <= at && entry.until > at && this.#serves(entry, type, at),
    );
  }

  /** Every type that one and the same server served from `from` to `to`. */
  typesThroughout(from: number, to: number): ReadonlySet<string> {
    const types = new Set<string>();
    for (const entry of this.#readiness) {
      if (entry.from > from || entry.until < to) continue;
      for (const type of entry.types) types.add(type);
      for (const [type, since] of this.#defined) if (since <= from) types.add(type);
    }
    return types;
  }

  /** How many different sets of types the servers together served between the two times, at least 1. */
  statesBetween(from: number, to: number): number {
    // A state that ends at a time holds at that time; what follows it, one millisecond later.
    const ends = this.#readiness.map(({ until }) => until + 1);
    const times = [from, ...this.#readiness.map((entry) => entry.from), ...ends, ...this.#defined.values()];
    const within = [...new Set(times)].filter((at) => at >= from && at <= to).sort((one, other) => one - other);
    const states = within.map((at) => [...this.typesThroughout(at, at)].sort().join()).filter((state) => state !== '');
    return Math.max(1, states.filter((state, index) => index === 0 || state !== states[index - 1]).length);
  }

  #serves({ types }: Readiness, type: string, at: number): boolean {
    return types.has(type) || (this.#defined.get(type) ?? Infinity) <= at;
  }
}
