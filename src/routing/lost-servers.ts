/**
 * Least milliseconds between two moments from which on all that is under way on one server may move. Many times longer than
 * most requests take, so that what moves in this way is a small share of what the server gets.
 */
const SPACING_MS = 3_000;

/**
 * Tells the end of a server from a server that always fails. When a server ends, everything that is under way on it fails at
 * one moment, however much that is; to move it once burdens the others with no more than they get from then on anyway. A
 * server that goes on to lose connections is not covered: moving what it loses would multiply its failure.
 */
export class LostServers {
  /** By name: milliseconds of the clock at which connections to it were lost. */
  readonly #lostAt = new Map<string, number>();

  /** Whether a request that was sent to `server` at `startedAt`, and whose connection is lost `now`, was under way when it ended. */
  covers(server: string, startedAt: number, now: number): boolean {
    const lostAt = this.#lostAt.get(server);
    if (lostAt !== undefined && now - lostAt < SPACING_MS) return startedAt <= lostAt;
    this.#forgetOld(now);
    this.#lostAt.set(server, now);
    return true;
  }

  /** Servers come and go, and their names with them. */
  #forgetOld(now: number): void {
    for (const [server, lostAt] of this.#lostAt) if (now - lostAt >= SPACING_MS) this.#lostAt.delete(server);
  }
}
