import { lostTypes } from '../discovery/lost-types.ts';
import { united } from '../discovery/united.ts';
import type { Backend } from '../proxy/proxy-snapshot.ts';
import { DEPARTED_UPSTREAM } from './failing-upstream.ts';
import type { Announced, ServerMonitor } from './server-monitor.ts';
import { reportOf } from './server-report.ts';
import { addressOf, identityOf } from './server-spec.ts';
import type { ServerReport } from './snapshot-builder.ts';

/** A server that membership dropped, or what one that is still there was before it restarted without some of its types. */
export interface DepartedServer {
  readonly kind: 'left' | 'former';
  /** What watched it, or watches what it is now. */
  readonly monitor: ServerMonitor;
  /** The last thing known of it; its condition says how it departed. */
  readonly report: ServerReport;
  readonly address: string;
  /** Epoch milliseconds. */
  readonly leftAt: number;
}

const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

/**
 * Servers that left, for the departure grace: their types stay listed, as Stale where nobody else has them, and requests
 * only they could serve are answered 503. A server that leaves in the middle of an upgrade usually comes back, and one that
 * comes back as what it was before an upgrade is upgraded again: its objects are still stored, and controllers that are told
 * of an unknown type take them for deleted.
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

  /** What watched those that left. */
  get monitors(): ServerMonitor[] {
    return this.#servers.filter(({ kind }) => kind === 'left').map(({ monitor }) => monitor);
  }

  /** Takes over the departures `before`, and who of the monitors `watched` until now is not among `present`. */
  note(
    before: Departures,
    watched: readonly ServerMonitor[],
    present: readonly Pick<ServerMonitor, 'spec'>[],
    now: number,
  ): void {
    const names = new Set(present.map(({ spec }) => spec.name));
    const identities = new Set(present.map(({ spec }) => identityOf(spec)));
    const departed = watched
      .filter(({ spec }) => !identities.has(identityOf(spec)))
      .filter(({ fetched }) => fetched !== undefined)
      .map((monitor): DepartedServer => {
        const { spec } = monitor;
        const address = addressOf(spec);
        // The name may belong to another server by now.
        const name = names.has(spec.name) ? `${spec.name}@${address}` : spec.name;
        return { kind: 'left', monitor, report: departedReport(reportOf(monitor), name), address, leftAt: now };
      });
    for (const { report } of departed) names.add(report.name);
    const isBack = ({ kind, monitor, report }: DepartedServer): boolean =>
      names.has(report.name) || (kind === 'left' && identities.has(identityOf(monitor.spec)));
    this.#servers = [...before.#servers.filter((server) => !isBack(server)), ...departed];
    this.prune(now);
  }

  /** The discovery of `monitor`, which was `before`, is another one now. */
  compare(monitor: ServerMonitor, before: Announced, now: number): void {
    const { fetched, spec } = monitor;
    if (fetched === undefined || before.fetched === undefined) return;
    const name = `${spec.name}@before`;
    const known = this.#servers.find(({ report }) => report.name === name);
    const lost = lostTypes(before.fetched.discovery, fetched.discovery);
    const stillLost = known?.report.discovery && lostTypes(known.report.discovery, fetched.discovery);
    const discovery = lost && stillLost ? united(lost, stillLost) : (lost ?? stillLost);
    this.#servers = this.#servers.filter((server) => server !== known);
    if (discovery === undefined) return;
    const [version, leftAt] =
      lost === undefined && known !== undefined ? [known.report.version, known.leftAt] : [before.version, now];
    const report: ServerReport = {
      ...departedReport(reportOf(monitor), name, 'came back without some of its types'),
      version,
      discovery,
      announced: { version, discovery },
      openapi: undefined,
    };
    this.#servers = [...this.#servers, { kind: 'former', monitor, report, address: addressOf(spec), leftAt }];
    this.prune(now);
  }

  /** Forgets those whose grace is over. */
  prune(now: number): void {
    this.#servers = this.#servers.filter(({ leftAt }) => now - leftAt < this.#graceMs);
  }
}

function departedReport(report: ServerReport, name: string, condition = 'left the control plane'): ServerReport {
  const backend: Backend = {
    name,
    asserted: undefined,
    own: DEPARTED_UPSTREAM,
    unproven: DEPARTED_UPSTREAM,
    anonymous: DEPARTED_UPSTREAM,
    conditions: NO_CONDITIONS,
  };
  return { ...report, name, local: false, ready: false, condition, backend };
}
