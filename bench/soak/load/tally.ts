import type { Protocol } from './soak-client.ts';

export const KINDS = [
  'small GET',
  'LIST',
  'POST',
  'HEAD',
  '304',
  '404 of an object',
  'DELETE',
  'GET of a type of one server',
  'trailers',
  'discovery',
  'slow reader',
  'watch',
  'upgrade',
  'connection',
] as const;
export type Kind = (typeof KINDS)[number];

/** How something ended. */
export type Outcome =
  | 'right'
  /** Given up by the client, and right so far. */
  | 'cancelled'
  /** 503 with Retry-After: nothing was executed. */
  | 'refused'
  /** 503 without Retry-After, of a request that may have been executed. */
  | 'in doubt'
  /** The head came, and the answer was broken off so that the client knows. */
  | 'cut'
  /** Broken off before the head. */
  | 'lost'
  /** Anything else, such as other bytes, or fewer with a clean end. */
  | 'wrong'
  /** Not over in generous time. */
  | 'late';

export type Ending =
  | { readonly outcome: 'right' | 'cancelled' }
  | { readonly outcome: Exclude<Outcome, 'right' | 'cancelled'>; readonly detail: string };

/** What has ended. */
export interface Ended {
  readonly kind: Kind;
  readonly protocol: Protocol;
  /** `Date.now()` */
  readonly from: number;
  /** Of a creation. */
  readonly id: number | undefined;
  /** Who answered, where the head came. */
  readonly server: string | undefined;
}

/** Something that did not end as it should; whether a fault explains it is judged elsewhere. Times as `Date.now()`. */
export interface Anomaly extends Ended {
  readonly outcome: Exclude<Outcome, 'right' | 'cancelled'>;
  readonly to: number;
  readonly detail: string;
}

/** What the load tells the bench now and then; everything since the last time. */
export interface Report {
  /** `KIND|PROTOCOL|OUTCOME`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly anomalies: readonly Anomaly[];
  readonly bytes: number;
  readonly events: number;
  /** Creations that were answered 201. */
  readonly created: readonly number[];
  readonly issued: number;
  readonly open: number;
  readonly watches: number;
}

/** Counts how things end, until somebody takes it all. */
export class Tally {
  bytes = 0;
  events = 0;
  issued = 0;
  readonly #counts: Record<string, number> = {};
  #anomalies: Anomaly[] = [];
  #created: number[] = [];

  ended(ended: Ended, ending: Ending): void {
    const key = `${ended.kind}|${ended.protocol}|${ending.outcome}`;
    this.#counts[key] = (this.#counts[key] ?? 0) + 1;
    if ('detail' in ending) this.#anomalies.push({ ...ended, ...ending, to: Date.now() });
    else if (ending.outcome === 'right' && ended.id !== undefined) this.#created.push(ended.id);
  }

  take(open: number, watches: number): Report {
    const { bytes, events, issued } = this;
    const report = {
      counts: { ...this.#counts },
      anomalies: this.#anomalies,
      created: this.#created,
      bytes,
      events,
      issued,
      open,
      watches,
    };
    for (const key of Object.keys(this.#counts)) delete this.#counts[key];
    this.#anomalies = [];
    this.#created = [];
    this.bytes = 0;
    this.events = 0;
    this.issued = 0;
    return report;
  }
}
