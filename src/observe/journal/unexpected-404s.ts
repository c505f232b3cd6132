import { type ExchangeRecord, hasKnownType, type UnknownTypeOutcome } from '../exchange-record.ts';
import type { DecisionEntry } from './decision-entry.ts';

/** How often one server answered one kind of client that a type it lists is unknown, and what the client got. */
export interface Unexpected404 {
  readonly group: string;
  readonly version: string;
  /** '' where a server could not say which resources a group-version has: clients choose what they ask for then. */
  readonly resource: string;
  readonly client: string;
  /** That said so. */
  readonly server: string;
  /** `relayed`: the client got that 404; `unavailable`: 503; `retried`: another server's answer; `abandoned`: it had left. */
  readonly outcome: UnknownTypeOutcome;
  readonly count: number;
  /** RFC 3339. */
  readonly lastAt: string;
  readonly lastPath: string;
}

type Row = Omit<Unexpected404, 'count' | 'lastAt'> & { count: number; lastAt: number; lastPath: string };

/** Rows of their own; what comes new beyond is counted without type and server. */
const MOST_ROWS = 1_000;

/** Unexpected 404s since the start. A request to which two servers said so counts at both. */
export class Unexpected404s {
  readonly #most: number;
  readonly #rows = new Map<string, Row>();

  constructor(most = MOST_ROWS) {
    this.#most = most;
  }

  /** `entry` is of `record`. Returns the rows that are new with it. */
  add(
    entry: DecisionEntry,
    record: Pick<ExchangeRecord, 'decision' | 'unknownType'>,
  ): readonly Omit<Unexpected404, 'count' | 'lastAt'>[] {
    const { unknownType, group, version, client, at, path } = entry;
    if (unknownType === undefined) return [];
    const { denying, outcome } = unknownType;
    const resource = hasKnownType(record) ? entry.resource : '';
    return denying.flatMap((server) => {
      const isNew = this.#count({ group, version, resource, client, server, outcome, lastPath: path }, at);
      return isNew ? [{ group, version, resource, client, server, outcome, lastPath: path }] : [];
    });
  }

  /** The last one first. */
  get items(): readonly Unexpected404[] {
    return [...this.#rows.values()]
      .sort((one, other) => other.lastAt - one.lastAt)
      .map((row) => ({ ...row, lastAt: new Date(row.lastAt).toISOString() }));
  }

  #count(asked: Omit<Row, 'count' | 'lastAt'>, at: number): boolean {
    const known = this.#rows.get(keyOf(asked));
    if (known !== undefined) {
      again(known, asked.lastPath, at);
      return false;
    }
    const isFull = this.#rows.size >= this.#most;
    const row = isFull ? { ...asked, group: '', version: '', resource: '', server: '' } : asked;
    const rest = isFull ? this.#rows.get(keyOf(row)) : undefined;
    if (rest === undefined) this.#rows.set(keyOf(row), { ...row, count: 1, lastAt: at });
    else again(rest, asked.lastPath, at);
    return !isFull;
  }
}

function again(row: Row, path: string, at: number): void {
  row.count++;
  row.lastAt = at;
  row.lastPath = path;
}

/** None of these names holds a line feed but by a client's making, of which nothing depends but a count. */
function keyOf({ group, version, resource, client, server, outcome }: Omit<Row, 'count' | 'lastAt'>): string {
  return [group, version, resource, client, server, outcome].join('\n');
}
