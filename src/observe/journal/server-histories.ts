import { Ring } from './ring.ts';

/** A server went from one state to another. */
export interface ServerTransition {
  /** RFC 3339. */
  readonly at: string;
  /** '' when it joined the list. */
  readonly from: string;
  /** `gone` when it left the list. */
  readonly to: string;
  /** Why it gets no requests; '' when it does. */
  readonly why: string;
  /** Release; '' when it has not told. */
  readonly version: string;
}

/** Of each server; one that flaps four times a second still shows half a minute of it. */
const KEPT = 128;
/** Of servers that left, too, until others need the room. */
const MOST_SERVERS = 512;

/** Every change of state of every server, the last ones of each. */
export class ServerHistories {
  readonly #kept: number;
  readonly #most: number;
  /** Whose last transition is the oldest comes first. */
  readonly #servers = new Map<string, Ring<ServerTransition>>();

  constructor(kept = KEPT, most = MOST_SERVERS) {
    this.#kept = kept;
    this.#most = most;
  }

  get names(): readonly string[] {
    return [...this.#servers.keys()];
  }

  /** At `at`, epoch milliseconds. */
  add(server: string, transition: Omit<ServerTransition, 'at'>, at: number): void {
    const history = this.#servers.get(server) ?? new Ring<ServerTransition>(this.#kept);
    this.#servers.delete(server);
    this.#servers.set(server, history);
    history.put({ at: new Date(at).toISOString(), ...transition });
    if (this.#servers.size <= this.#most) return;
    const [longest] = this.#servers.keys();
    if (longest !== undefined) this.#servers.delete(longest);
  }

  /** Newest first; undefined: nothing is known of such a server. */
  of(server: string): readonly ServerTransition[] | undefined {
    const history = this.#servers.get(server);
    return history && [...history.newestFirst()];
  }
}
