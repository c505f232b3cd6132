import type { Backend } from '../proxy/proxy-snapshot.ts';
import { DEPARTED_UPSTREAM } from './failing-upstream.ts';
import type { ServerMonitor } from './server-monitor.ts';
import { reportOf } from './server-report.ts';
import { addressOf, isSameServer } from './server-spec.ts';
import type { ServerReport } from './snapshot-builder.ts';

/** A server that membership dropped. */
export interface DepartedServer {
  /** What watched it; stopped. */
  readonly monitor: ServerMonitor;
  /** The last thing known of it. */
  readonly report: ServerReport;
  readonly address: string;
  /** Epoch milliseconds. */
  readonly leftAt: number;
}

const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

/**
 * Servers that left, for the departure grace: their types stay listed, as Stale where nobody else has them, and requests
 * only they could serve are answered 503. A server that leaves in the middle of an upgrade usually comes back.
 */
export class Departures {
  readonly #graceMs: number;
  #servers: readonly DepartedServer[] = [];

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  get servers(): readonly DepartedServer[] {
    return this.#servers;
  }

  /** What watched them. */
  get monitors(): ServerMonitor[] {
    return this.#servers.map(({ monitor }) => monitor);
  }

  /** Takes over the departures `before`, and who of the monitors `watched` until now is not among `present`. */
  note(
    before: Departures,
    watched: readonly ServerMonitor[],
    present: readonly Pick<ServerMonitor, 'spec'>[],
    now: number,
  ): void {
    const names = new Set(present.map(({ spec }) => spec.name));
    const departed = watched
      .filter(({ spec }) => !present.some((other) => isSameServer(spec, other.spec)))
      .filter(({ fetched }) => fetched !== undefined)
      .map((monitor): DepartedServer => {
        const { spec } = monitor;
        const address = addressOf(spec);
        // The name may belong to another server by now.
        const name = names.has(spec.name) ? `${spec.name}@${address}` : spec.name;
        return { monitor, report: departedReport(reportOf(monitor), name), address, leftAt: now };
      });
    for (const { report } of departed) names.add(report.name);
    const isBack = ({ monitor, report }: DepartedServer): boolean =>
      names.has(report.name) || present.some(({ spec }) => isSameServer(monitor.spec, spec));
    this.#servers = [...before.#servers.filter((server) => !isBack(server)), ...departed];
    this.prune(now);
  }

  /** Forgets those whose grace is over. */
  prune(now: number): void {
    this.#servers = this.#servers.filter(({ leftAt }) => now - leftAt < this.#graceMs);
  }
}

function departedReport(report: ServerReport, name: string): ServerReport {
  const backend: Backend = {
    name,
    asserted: undefined,
    own: DEPARTED_UPSTREAM,
    unproven: DEPARTED_UPSTREAM,
    anonymous: DEPARTED_UPSTREAM,
    conditions: NO_CONDITIONS,
  };
  return { ...report, name, local: false, ready: false, condition: 'left the control plane', backend };
}
