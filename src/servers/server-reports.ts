import type { DepartedServer } from './departures.ts';
import type { ServerMonitor } from './server-monitor.ts';
import { reportOf } from './server-report.ts';
import type { ServerReport } from './snapshot-builder.ts';

const NOTHING = { version: undefined, discovery: undefined };

/** What is known of each server, made anew when something was learned: of hundreds of servers hardly one changes at a time. */
export class ServerReports {
  readonly #expireAfterMs: number | undefined;
  readonly #clock: () => number;
  readonly #known = new Map<ServerMonitor, ServerReport>();

  /** `expireAfterMs`: after its last reading, when a server that is not ready is forgotten; undefined: never. */
  constructor(expireAfterMs: number | undefined, clock: () => number) {
    this.#expireAfterMs = expireAfterMs;
    this.#clock = clock;
  }

  /** Of all of `monitors` and of the servers that left, in this order. */
  of(monitors: readonly ServerMonitor[], departed: readonly DepartedServer[]): ServerReport[] {
    return [...monitors.map((monitor) => this.#of(monitor)), ...departed.map(({ report }) => report)];
  }

  /** Something was learned of it, or it is not watched any more. */
  forget(monitor: ServerMonitor): void {
    this.#known.delete(monitor);
  }

  /** Time has passed, which alone makes servers expire. */
  forgetAll(): void {
    this.#known.clear();
  }

  #of(monitor: ServerMonitor): ServerReport {
    const known = this.#known.get(monitor);
    if (known !== undefined) return known;
    const report = reportOf(monitor);
    const made = this.#isExpired(report)
      ? { ...report, discovery: undefined, announced: NOTHING, openapi: undefined }
      : report;
    this.#known.set(monitor, made);
    return made;
  }

  #isExpired({ ready, confirmedAt }: ServerReport): boolean {
    return !ready && this.#expireAfterMs !== undefined && this.#clock() - confirmedAt >= this.#expireAfterMs;
  }
}
